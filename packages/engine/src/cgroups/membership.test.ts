// Where the kernel says that a process stands.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { strayIn } from './membership.js';

const group = 'ctvirt/lxc.payload.web';
const v1 = (memory: string): string =>
  `12:pids:/${group}\n4:cpu,cpuacct:/${group}/init.scope\n3:memory:${memory}\n1:name=systemd:/\n0::/\n`;

test('each controller of cgroup v1 is looked at by itself', () => {
  const look = (memory: string) => strayIn({ version: 1 }, v1(memory), group, ['memory', 'cpu', 'pids']);
  assert.deepEqual(look(`/${group}`), []);
  assert.deepEqual(look('/'), ['memory']);
  assert.deepEqual(look('/ctvirt/lxc.payload.web-1'), ['memory']);
  assert.deepEqual(look(`/docker/abc/${group}`), []);
  assert.deepEqual(strayIn({ version: 1 }, '0::/\n', group, ['pids', 'pids']), ['pids']);
});

test('cgroup v2 has one place for all', () => {
  const look = (path: string) => strayIn({ version: 2 }, `0::${path}\n`, group, ['memory', 'io']);
  assert.deepEqual(look(`/${group}`), []);
  assert.deepEqual(look(`/${group}/init.scope`), []);
  assert.deepEqual(look('/system.slice/ctvirtd.service'), ['memory', 'io']);
});
