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

/** Whether the profile keeps a container from writing there, by the patterns that end in all that lies below. */
const keepsFrom = (path: string): boolean =>
  [...profileText('lxc-ctvirt-1', '6.12.0').matchAll(/^ {2}deny (.*)\{,\/\*\*\} wklx,$/gm)].some(
    ([, pattern = '']) => matches(pattern, path),
  );

test('a container writes its own sysctls, by a proc that is mounted nowhere too, and nothing of the host’s sysfs', () => {
  for (const name of [
    'net/ipv4/ip_unprivileged_port_start',
    'kernel/hostname',
    'kernel/shmmax',
    'fs/mqueue/msg_max',
  ])
    for (const top of ['/proc/sys', '/sys']) assert.ok(!keepsFrom(`${top}/${name}`), `${top}/${name}`);
  for (const name of ['vm/overcommit_memory', 'kernel/sysrq', 'kernel/modules_disabled', 'fs/suid_dumpable'])
    for (const top of ['/proc/sys', '/sys']) assert.ok(keepsFrom(`${top}/${name}`), `${top}/${name}`);
  for (const name of [
    ...[
      'block/sda/queue/scheduler',
      'bus/pci/rescan',
      'class/leds/x/brightness',
      'devices/system/cpu/cpu1/online',
    ],
    ...[
      'firmware/efi/efivars/Boot0000',
      'fs/ext4/features',
      'fs/selinux/enforce',
      'kernel/debug/x',
      'kernel/mm/ksm/run',
    ],
    ...['kernel/security/apparmor/.replace', 'kernel/uevent_helper', 'module/loop/uevent', 'power/state'],
  ])
    assert.ok(keepsFrom(`/sys/${name}`), name);
  for (const name of ['class/net/eth0/mtu', 'devices/virtual/net/eth0/mtu', 'fs/cgroup/cgroup.procs'])
    assert.ok(!keepsFrom(`/sys/${name}`), name);
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
