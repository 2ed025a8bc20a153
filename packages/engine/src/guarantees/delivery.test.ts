// Samples in a ring, what they come to, and whether it kept the promise.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Delivered } from '@ctvirt/api';
import type { Sample } from '../drivers/driver.js';
import { Ring } from './delivery.js';
import { cpuVerdict, memoryVerdict } from './verdict.js';

const MiB = 2 ** 20;
const sample = (seconds: number, more: Partial<Sample> = {}): Sample => ({
  atMs: seconds * 1000,
  cpuNs: seconds * 0.5e9,
  throttledNs: 0,
  waitedNs: seconds * 0.1e9,
  memoryBytes: 10 * MiB,
  reclaims: 0,
  limitHits: 0,
  kills: 0,
  stalledNs: 0,
  hostTicks: seconds * 200,
  hostIdleTicks: seconds * 50,
  ...more,
});
const close = (actual: number | null | undefined, wanted: number): void =>
  assert.ok(Math.abs((actual ?? Number.NaN) - wanted) < 1e-9, `${actual} is not ${wanted}`);

test('what counts up is told as it grew, memory as it lay between', () => {
  const ring = new Ring();
  assert.equal(ring.over(60), undefined);
  ring.add(sample(0, { memoryBytes: 90 * MiB }));
  assert.equal(ring.over(60), undefined);
  ring.add(sample(10, { memoryBytes: 4 * MiB, kills: 1 }));
  ring.add(sample(20, { kills: 3 }));
  const short = ring.over(10);
  assert.equal(short?.seconds, 10);
  assert.equal(short?.kills, 2);
  assert.equal(short?.mostMemoryBytes, 10 * MiB);
  const long = ring.over(300);
  assert.equal(long?.seconds, 20);
  assert.equal(long?.kills, 3);
  assert.deepEqual(
    [long?.leastMemoryBytes, long?.memoryBytes, long?.mostMemoryBytes],
    [4 * MiB, 10 * MiB, 90 * MiB],
  );
  close(long?.cpuShare, 0.5);
  close(long?.waitedShare, 0.1);
  close(long?.hostIdleShare, 0.25);
});

test('a ring is bounded: a quarter of an hour, however long it goes on', () => {
  const ring = new Ring();
  for (let at = 0; at < 1000; at++) ring.add(sample(at * 10));
  assert.equal(ring.over(100_000)?.seconds, 890);
  close(ring.over(100_000)?.cpuShare, 0.5);
});

const given = (more: Partial<Delivered>): Delivered => ({
  seconds: 60,
  cpuShare: 0.2,
  throttledShare: 0,
  waitedShare: 0,
  hostIdleShare: 0,
  memoryBytes: 10 * MiB,
  leastMemoryBytes: 10 * MiB,
  mostMemoryBytes: 10 * MiB,
  reclaims: 0,
  limitHits: 0,
  kills: 0,
  stalledShare: 0,
  ...more,
});

test('a share of the processors is broken only by less of it while somebody waits for others', () => {
  assert.equal(cpuVerdict(0.2, given({ waitedShare: 0.9 })), 'kept');
  assert.equal(cpuVerdict(0.5, given({ waitedShare: 0.4 })), 'broken');
  assert.equal(cpuVerdict(0.5, given({ waitedShare: 0.01 })), 'kept');
  assert.equal(cpuVerdict(0.5, given({ waitedShare: 0.4, throttledShare: 0.4 })), 'kept', 'by its own limit');
  assert.equal(cpuVerdict(0.5, given({ waitedShare: null, hostIdleShare: 0.5 })), 'kept');
  assert.equal(cpuVerdict(0.5, given({ waitedShare: null, hostIdleShare: 0.01 })), 'unknown');
  assert.equal(cpuVerdict(0.5, undefined), 'unknown');
});

test('a guarantee of memory is broken by what is taken or killed below it', () => {
  const both = { allocationBytes: 20 * MiB, survivalBytes: 20 * MiB };
  assert.equal(memoryVerdict({ allocationBytes: 0, survivalBytes: 0 }, given({ kills: 1 })), null);
  assert.equal(memoryVerdict(both, given({})), 'kept');
  assert.equal(memoryVerdict(both, given({ reclaims: 1 })), 'broken');
  assert.equal(memoryVerdict(both, given({ kills: 1 })), 'broken');
  assert.equal(
    memoryVerdict(both, given({ kills: 1, mostMemoryBytes: 30 * MiB })),
    'kept',
    'beyond its guarantee',
  );
  assert.equal(memoryVerdict(both, given({ reclaims: null })), 'unknown');
  assert.equal(memoryVerdict({ allocationBytes: 0, survivalBytes: MiB }, given({ reclaims: null })), 'kept');
});
