// Block I/O in the files of both cgroup worlds.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Resources } from '@ctvirt/formats';
import { type IoDisks, ioLimitsOf, lacksDisks } from './io-limits.js';
import { lineOf, unlimitedValue } from './limit.js';

const disks: IoDisks = { own: ['254:0', '7:1'], named: (path) => (path === '/dev/vda' ? '254:0' : '8:0') };
const resources: Resources = {
  ioWeight: 300,
  ioBytesPerSecond: 5000,
  ioDevices: [
    { path: '/dev/vda', weight: 200, readBytesPerSecond: 9000, writeBytesPerSecond: 1000 },
    { path: '/dev/sda', readOperationsPerSecond: 10 },
  ],
};
const shown = (version: 1 | 2): string[] =>
  ioLimitsOf(resources, version, disks).map((alternatives) =>
    alternatives.map((limit) => `${limit.file}=${lineOf(limit)}`).join(' or '),
  );

test('v1: a file for each rate, and the smaller one where a disk is named and below the root', () => {
  assert.deepEqual(shown(1), [
    'blkio.bfq.weight=300',
    'blkio.bfq.weight_device=254:0 200',
    'blkio.throttle.read_bps_device=254:0 5000',
    'blkio.throttle.write_bps_device=254:0 1000',
    'blkio.throttle.read_bps_device=7:1 5000',
    'blkio.throttle.write_bps_device=7:1 5000',
    'blkio.throttle.read_iops_device=8:0 10',
  ]);
});

test('v2: one line for each disk, and two files that may hold weights', () => {
  assert.deepEqual(shown(2), [
    'io.bfq.weight=300 or io.weight=300',
    'io.bfq.weight=254:0 200 or io.weight=254:0 200',
    'io.max=254:0 rbps=5000 wbps=1000 riops=max wiops=max',
    'io.max=7:1 rbps=5000 wbps=5000 riops=max wiops=max',
    'io.max=8:0 rbps=max wbps=max riops=10 wiops=max',
  ]);
});

test('a rate for the domain needs a disk below it, one for a named disk does not', () => {
  const none = { ...disks, own: [] };
  assert.ok(lacksDisks(resources, none));
  assert.ok(!lacksDisks({ ioDevices: resources.ioDevices ?? [], ioWeight: 5 }, none));
  assert.ok(!lacksDisks(resources, disks));
});

test('what lifts a limit on one disk', () => {
  assert.equal(unlimitedValue('io.max', '7:1'), 'rbps=max wbps=max riops=max wiops=max');
  assert.equal(unlimitedValue('blkio.throttle.read_bps_device', '7:1'), '0');
  assert.equal(unlimitedValue('io.bfq.weight', '7:1'), 'default');
  assert.equal(unlimitedValue('io.bfq.weight'), '100');
});
