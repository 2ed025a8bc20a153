// The patterns by which the profile says "all but these", held to the names they are made of.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allBut, profileText } from './apparmor-profile.js';

/** AppArmor's globs as far as the patterns go: `*` and `?` match no slash, and what follows may lie below. */
const matches = (pattern: string, path: string): boolean =>
  new RegExp(
    `^${pattern
      .replaceAll('.', '\\.')
      .replaceAll('?', '[^/]')
      .replace(/(?<!\])\*|(?<=\])\*/g, '[^/]*')}(/.*)?$`,
  ).test(path);
const isDenied = (names: readonly string[], path: string): boolean =>
  allBut(names).some((pattern) => matches(pattern, path));

test('every other name is denied, and what lies below it, those alike among them', () => {
  const names = ['kernel/hostname', 'kernel/shm*', 'net/'];
  for (const path of ['kernel/hostname', 'kernel/shmmax', 'kernel/shm_rmid_forced', 'net/ipv4/ip_forward'])
    assert.ok(!isDenied(names, path), path);
  for (const path of [
    'vm/overcommit_memory',
    'kernel/core_pattern',
    'kernel/hostnames',
    'kernels/x',
    'network/x',
    'kernel/sh/x',
  ])
    assert.ok(isDenied(names, path), path);
});

test('a profile of the name that is asked for', () => {
  assert.match(profileText('lxc-ctvirt-1'), /^profile "lxc-ctvirt-1" flags=/m);
});
