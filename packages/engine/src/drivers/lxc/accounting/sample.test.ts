// What one look at a run reads in either cgroup world, and what it comes to in a ring.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostTime, Ring } from '../../../guarantees/delivery.js';
import { Readings } from './readings.js';
import { sampleOf } from './sample.js';

const close = (actual: number | null | undefined, wanted: number): void =>
  assert.ok(Math.abs((actual ?? Number.NaN) - wanted) < 1e-9, `${actual} is not ${wanted}`);

test('what the kernel does not tell is not known, and the rest is', () => {
  const files: Readonly<Record<string, string>> = {
    'cpuacct/cpuacct.usage': '7000\n',
    'cpu/cpu.stat': 'nr_periods 1\nthrottled_time 500\n',
  };
  const readings = new Readings({
    group: (controller, file) => files[`${controller}/${file}`] ?? '',
    census: undefined,
  });
  const v1 = sampleOf(1, readings, { hostTicks: 1, hostIdleTicks: 0 });
  assert.deepEqual([v1.cpuNs, v1.throttledNs], [7000, 500]);
  assert.ok([v1.waitedNs, v1.reclaims, v1.memoryBytes].every(Number.isNaN));
  const ring = new Ring();
  ring.add({ ...v1, atMs: 0 });
  ring.add({ ...v1, atMs: 1000, cpuNs: 7000 + 1e9, hostTicks: 3 });
  const given = ring.over(60);
  close(given?.cpuShare, 1);
  assert.deepEqual([given?.waitedShare, given?.reclaims, given?.leastMemoryBytes], [null, null, null]);
});

test('cgroup v2: pressure is read from its own files', () => {
  const text =
    'some avg10=0.00 avg60=1.00 avg300=0.10 total=2500\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=9\n';
  const readings = new Readings({
    group: (_, file) => (file.endsWith('.pressure') ? text : 'usage_usec 10\nthrottled_usec 4\n'),
    census: undefined,
  });
  const v2 = sampleOf(2, readings, hostTime('cpu  10 0 10 70 10 0 0 0 5 0\ncpu0 1\n'));
  assert.deepEqual(
    [v2.cpuNs, v2.throttledNs, v2.waitedNs, v2.stalledNs],
    [10_000, 4000, 2_500_000, 2_500_000],
  );
  assert.deepEqual([v2.hostTicks, v2.hostIdleTicks], [100, 80]);
});
