// What a token bucket is asked for, of rates that say little, much, or what contradicts itself.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bucketOf } from './shaping.js';

const of = (averageBytes: number, peakBytes?: number, burstBytes?: number) =>
  bucketOf({ averageBytes, peakBytes, burstBytes });

test('a bucket holds the largest packet there is', () => {
  assert.deepEqual(of(1000), { bytesPerSecond: 1000, burst: 65_536, peak: undefined });
  assert.deepEqual(of(1000, undefined, 1024), { bytesPerSecond: 1000, burst: 65_536, peak: undefined });
  assert.deepEqual(of(1e9), { bytesPerSecond: 1e9, burst: 1e7, peak: undefined });
  assert.deepEqual(of(1e6, 5e6, 2 ** 20), { bytesPerSecond: 1e6, burst: 2 ** 20, peak: 5e6 });
});

test('a peak that is no higher than the average is the rate', () => {
  assert.deepEqual(of(1e6, 1e6), { bytesPerSecond: 1e6, burst: 65_536, peak: undefined });
  assert.deepEqual(of(1e6, 5e5), { bytesPerSecond: 5e5, burst: 65_536, peak: undefined });
});

test('what the kernel cannot count is a limit to nobody', () => {
  assert.equal(of(4_294_967_295 * 1000), undefined);
  assert.equal(of(1e6, 1e15, 2 ** 42)?.burst, 250e6);
  assert.equal(of(1e9, 1e15, 2 ** 42)?.burst, 2 ** 31);
  assert.equal(of(1e6, 1e15)?.peak, undefined);
});
