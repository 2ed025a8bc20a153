// From one set of limits to another on a running container.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Resources } from '@ctvirt/formats';
import type { CgroupLayout } from '../../../cgroups/layout.js';
import { processDefaults } from '../../../cgroups/processes.js';
import { EngineError } from '../../../errors.js';
import { planLimits, writeLimits } from './live-limits.js';

const world = (root: string, version: 1 | 2 = 2): CgroupLayout => ({
  version,
  controllers: new Set(['memory', 'cpu', 'cpuset', 'pids', 'io']),
  path: (_, group) => join(root, group),
  all: (group) => [join(root, group)],
  controlled: (group) => [join(root, group)],
});
const files = (changes: ReturnType<typeof planLimits>): string[] =>
  changes.map(({ file, value }) => `${file}=${value}`);

test('only what differs is written, and a limit that is gone is lifted', () => {
  const before = { memoryMaxBytes: 1 << 20, cpuWeight: 200, pidsMax: 10 };
  const after = { memoryMaxBytes: 1 << 21, pidsMax: 10 };
  assert.deepEqual(files(planLimits(world(''), before, after)), ['memory.max=2097152', 'cpu.weight=100']);
  assert.deepEqual(planLimits(world(''), before, before), []);
});

test('who lifts the limit of processes gets the default, and none only where that is said', () => {
  const { each } = processDefaults();
  const change = (after: Resources) => files(planLimits(world(''), { pidsMax: 10 }, after));
  assert.deepEqual(change({}), [`pids.max=${each}`]);
  assert.deepEqual(change({ pidsUnlimited: true }), ['pids.max=max']);
  assert.deepEqual(files(planLimits(world(''), { pidsUnlimited: true }, {})), [`pids.max=${each}`]);
});

test('what no file of a running container holds is refused', () => {
  assert.throws(
    () => planLimits(world(''), { nofile: 10 }, { nofile: 20 }),
    (error) => error instanceof EngineError && error.code === 'unsupported',
  );
  // Not by halves either: the one that could be changed waits for the other.
  assert.throws(
    () => planLimits(world(''), { ptyMax: 1, pidsMax: 1 }, { ptyMax: 2, pidsMax: 2 }),
    (error) => error instanceof EngineError && /numpty/.test(error.message),
  );
});

test('limits go to the files of the group; a file the kernel has not is told', () => {
  const root = mkdtempSync(join(tmpdir(), 'ctvirt-limits-'));
  try {
    mkdirSync(join(root, 'group'));
    writeLimits(world(root), 'group', planLimits(world(root), {}, { pidsMax: 7 }));
    assert.equal(readFileSync(join(root, 'group', 'pids.max'), 'utf8'), '7');
    assert.throws(
      () => writeLimits(world(root), 'absent', planLimits(world(root), {}, { pidsMax: 7 })),
      (error) => error instanceof EngineError && error.code === 'unsupported',
    );
  } finally {
    rmSync(root, { recursive: true });
  }
});

test('what the kernel refuses leaves the limits before it as they were', () => {
  const root = mkdtempSync(join(tmpdir(), 'ctvirt-limits-'));
  try {
    mkdirSync(join(root, 'group', 'pids.max'), { recursive: true }); // nothing can be written there
    const changes = planLimits(
      world(root),
      { memoryMaxBytes: 1 << 20 },
      { memoryMaxBytes: 1 << 21, cpuWeight: 200, pidsMax: 7 },
    );
    assert.throws(
      () => writeLimits(world(root), 'group', changes),
      (error) => error instanceof EngineError && error.message.includes('pids.max'),
    );
    const value = (file: string) => readFileSync(join(root, 'group', file), 'utf8');
    assert.deepEqual([value('memory.max'), value('cpu.weight')], [String(1 << 20), '100']);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test('a list is lifted by all that the group above has', () => {
  for (const [version, above] of [
    [1, 'cpuset.cpus'],
    [2, 'cpuset.cpus.effective'],
  ] as const) {
    const root = mkdtempSync(join(tmpdir(), 'ctvirt-limits-'));
    try {
      const cgroups = world(root, version);
      const own = join(root, 'all', 'group', 'cpuset.cpus');
      mkdirSync(join(root, 'all', 'group'), { recursive: true });
      writeFileSync(join(root, 'all', above), '0-7\n');
      writeFileSync(own, '2\n');
      writeLimits(cgroups, 'all/group', planLimits(cgroups, { cpusetCpus: '2' }, {}));
      assert.equal(readFileSync(own, 'utf8'), '0-7\n');
    } finally {
      rmSync(root, { recursive: true });
    }
  }
});

test('a weight on one disk, and what no disk lies below, are refused where they have no effect', () => {
  const disks = { own: ['7:0'], named: () => '7:0' };
  const host = { has: ({ device }: { device?: string }) => device === undefined, disks };
  const refused = (
    pattern: RegExp,
    ...[before, after, on]: Parameters<typeof planLimits> extends [unknown, ...infer R] ? R : never
  ) =>
    assert.throws(
      () => planLimits(world(''), before, after, on),
      (error) => error instanceof EngineError && error.code === 'unsupported' && pattern.test(error.message),
    );
  refused(/io\.bfq\.weight to 7:0 200/, {}, { ioDevices: [{ path: '/dev/loop0', weight: 200 }] }, host);
  refused(/no disk of this host/, {}, { ioBytesPerSecond: 5 }, { ...host, disks: { ...disks, own: [] } });
});
