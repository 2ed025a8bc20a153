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

test('sockets are mediated by a kernel that lets them be locked', () => {
  const abi = (kernel: string) => /^abi <abi\/(.*)>,$/m.exec(profileText('lxc-ctvirt-1', kernel))?.[1];
  for (const kernel of ['5.15.0-91-generic', '6.1.0-28-cloud-amd64'])
    assert.equal(abi(kernel), 'kernel-5.4-outoftree-network', kernel);
  for (const kernel of ['6.2.0', '6.12.57+deb13-amd64', '7.0']) assert.equal(abi(kernel), '3.0', kernel);
});

test('a profile of the name that is asked for', () => {
  assert.match(profileText('lxc-ctvirt-1', '6.12.0'), /^profile "lxc-ctvirt-1" flags=/m);
});
