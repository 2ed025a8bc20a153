// Passwords and SSH keys of users of a domain: set inside while it runs, else written before its next start.
// SPDX-License-Identifier: Apache-2.0
import type { DomainSettings } from '@ctvirt/api';
import type { Engine } from '../contract.js';
import { type Credentials, joined, mergedCredentials } from '../guest/credentials.js';
import { checkHash, checkKeys, checkUser, hashOf } from '../guest/password.js';
import type { Entry, Registry } from '../registry/registry.js';
import type { DomainStore } from '../state/store.js';
import type { Turns } from './turns.js';

/** Dependencies of `credentialOperations`. */
export interface CredentialParts {
  readonly turns: Turns;
  readonly registry: Registry;
  readonly store: DomainStore;
}

/** The engine's operations on users of a domain. */
export function credentialOperations(
  parts: CredentialParts,
): Pick<Engine, 'setPassword' | 'sshKeys' | 'setSshKeys'> {
  const { turns } = parts;
  return {
    setPassword: async (ref, { user, password, isHash = false }) => {
      checkUser(user);
      const hash = isHash ? checkHash(password) : hashOf(password);
      await turns.take(ref, (entry) => give(entry, { passwords: { [user]: hash }, sshKeys: {} }, parts));
    },
    sshKeys: async (ref, user) => {
      checkUser(user);
      return (await turns.active(ref).users.sshKeys(user)).filter((line) => !line.startsWith('#'));
    },
    setSshKeys: async (ref, user, { keys, how }) => {
      checkUser(user);
      const checked = checkKeys(keys);
      await turns.take(ref, async ({ record: { uuid } }) => {
        const { users } = turns.active(uuid);
        const there = how === 'replace' ? [] : await users.sshKeys(user);
        const next =
          how === 'remove' ? there.filter((line) => !checked.includes(line)) : joined(there, checked);
        await users.setSshKeys(user, next);
      });
    },
  };
}

type Said = Pick<DomainSettings, 'passwords' | 'sshKeys'>;

/** Of what was said in words, checked and with passwords hashed; undefined where that is nothing. */
export function credentialsOf({ passwords = [], sshKeys = [] }: Said): Credentials | undefined {
  for (const { user } of [...passwords, ...sshKeys]) checkUser(user);
  const hashed = passwords.map(({ user, password }) => ({
    passwords: { [user]: hashOf(password) },
    sshKeys: {},
  }));
  const keyed = sshKeys.map(({ user, keys }) => ({ passwords: {}, sshKeys: { [user]: checkKeys(keys) } }));
  return [...hashed, ...keyed].reduce<Credentials | undefined>(mergedCredentials, undefined);
}

/** In a turn of the domain's queue. */
export async function give(entry: Entry, credentials: Credentials, parts: CredentialParts): Promise<void> {
  const { turns, store, registry } = parts;
  const { record, running } = entry;
  if (running === undefined) {
    const next = { ...record, credentials: mergedCredentials(record.credentials, credentials) };
    await store.writeRecord(next);
    registry.replace(entry, next);
    return;
  }
  const { users } = turns.active(record.uuid);
  for (const [user, hash] of Object.entries(credentials.passwords)) await users.setPassword(user, hash);
  for (const [user, keys] of Object.entries(credentials.sshKeys))
    await users.setSshKeys(user, joined(await users.sshKeys(user), keys));
}
