// Limits in both cgroup worlds.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CgroupLayout } from './layout.js';
import { limitsOf } from './limits.js';

const world = (version: 1 | 2, controllers = ['memory', 'cpu', 'cpuset', 'pids']): CgroupLayout => ({
  version,
  controllers: new Set(controllers),
  path: () => '',
  all: () => [],
  controlled: () => [],
});
const resources = {
  memoryMaxBytes: 256 << 20,
  swapMaxBytes: 128 << 20,
  pidsMax: 240,
  cpuShares: 1024,
  cpuWeight: 100,
  cpuQuotaUs: 50_000,
  cpuPeriodUs: 100_000,
};
const shown = (version: 1 | 2): string[] =>
  limitsOf(resources, world(version), () => true).set.map(({ file, value }) => `${file}=${value}`);

test('v1 counts memory and swap together, and sets memory first', () => {
  assert.deepEqual(shown(1), [
    'memory.limit_in_bytes=268435456',
    'memory.memsw.limit_in_bytes=402653184',
    'pids.max=240',
    'cpu.shares=1024',
    'cpu.cfs_period_us=100000',
    'cpu.cfs_quota_us=50000',
  ]);
});

test('v2 counts swap alone', () => {
  assert.deepEqual(shown(2), [
    'memory.max=268435456',
    'memory.swap.max=134217728',
    'pids.max=240',
    'cpu.weight=100',
    'cpu.max=50000 100000',
  ]);
});

test('what this kernel has no controller or file for is told, not set', () => {
  const withoutPids = limitsOf(
    resources,
    world(1, ['memory', 'cpu']),
    ({ file }) => file !== 'memory.memsw.limit_in_bytes',
  );
  assert.deepEqual(
    withoutPids.missing.map(({ file, hard }) => ({ file, hard })),
    [
      { file: 'memory.memsw.limit_in_bytes', hard: false },
      { file: 'pids.max', hard: true },
    ],
  );
});

test('nothing asked, nothing set', () => {
  assert.deepEqual(
    limitsOf({}, world(2), () => true),
    { set: [], missing: [] },
  );
});
