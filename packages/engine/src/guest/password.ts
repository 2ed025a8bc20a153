// Passwords as a container's own programs keep them: hashed by crypt(3), with SHA-512, which every C library reads.
// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { EngineError } from '../errors.js';
import { shaCrypt } from './sha-crypt.js';

const LONGEST = 512;

/** Returns the hash of a password with a salt of its own; throws `invalid` for one that nobody could type. */
export function hashOf(password: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
  if (password === '' || password.length > LONGEST || /[\u0000-\u001f\u007f]/.test(password))
    throw new EngineError(
      'invalid',
      `a password has 1 to ${LONGEST} characters, none of them a control character`,
    );
  return shaCrypt(password, randomBytes(12).toString('base64').replaceAll('+', '.'));
}

/** Returns what is given; throws `invalid` for what can be no hash: it would put other fields into the file. */
export function checkHash(hash: string): string {
  if (/^[!-9;-~]{1,512}$/.test(hash)) return hash;
  throw new EngineError('invalid', 'that is no hash of a password as crypt(3) makes them');
}

/** Throws `invalid` for what can be no user's name. */
export function checkUser(user: string): void {
  if (/^[A-Za-z_][A-Za-z0-9_.-]{0,63}\$?$/.test(user)) return;
  throw new EngineError('invalid', `'${user}' is no name of a user`);
}

/** Those lines of `authorized_keys` that are neither empty nor comments; throws `invalid` for one that is no key. */
export function checkKeys(lines: readonly string[]): readonly string[] {
  const keys = lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  for (const key of keys)
    if (!isKey(key))
      throw new EngineError(
        'invalid',
        `'${key.slice(0, 40)}' is no public key of SSH: one is a line such as 'ssh-ed25519 AAAA... name'`,
      );
  return keys;
}

const isKey = (key: string): boolean =>
  key.length <= 16_384 &&
  !/[\r\n\0]/.test(key) &&
  /(^|\s)[a-z][a-z0-9@.-]+ +AAAA[A-Za-z0-9+/]+=*(\s|$)/.test(key);
