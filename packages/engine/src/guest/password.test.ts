// Hashes of passwords, users' names and keys.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { EngineError } from '../errors.js';
import { checkHash, checkKeys, checkUser, hashOf } from './password.js';

const isInvalid = (error: unknown): boolean => error instanceof EngineError && error.code === 'invalid';

test("a hash is the C library's own of that password, and two have other salts", () => {
  const script = 'local $/; print crypt(<STDIN>, $ARGV[0])';
  for (const password of ['x', 'naïve $(id) \\', 'p'.repeat(64), 'long '.repeat(100)]) {
    const [one, other] = [hashOf(password), hashOf(password)];
    assert.match(one, /^\$6\$[./0-9A-Za-z]{16}\$[./0-9A-Za-z]{86}$/);
    assert.notEqual(one, other);
    assert.equal(
      execFileSync('/usr/bin/perl', ['-e', script, one], { input: password, encoding: 'utf8' }),
      one,
    );
  }
});

test('what would be another line or field is refused', () => {
  for (const password of ['', 'a\nb', 'a\0', 'x'.repeat(513)])
    assert.throws(() => hashOf(password), isInvalid);
  for (const hash of ['', 'a:b', 'a\nroot', 'a b']) assert.throws(() => checkHash(hash), isInvalid);
  for (const user of ['', '-x', 'a:b', 'a\n', '../x', 'a/b']) assert.throws(() => checkUser(user), isInvalid);
  checkUser('www-data');
  for (const key of ['hello', 'ssh-ed25519', 'ssh-ed25519 AAAA\nroot'])
    assert.throws(() => checkKeys([key]), isInvalid);
  assert.deepEqual(
    checkKeys(['', '# mine', ' ssh-ed25519 AAAAC3Nz joe@example ', 'no-pty ssh-rsa AAAAB3== x']),
    ['ssh-ed25519 AAAAC3Nz joe@example', 'no-pty ssh-rsa AAAAB3== x'],
  );
});
