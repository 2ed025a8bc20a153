// Numbers in the words that people read.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeBytes, describeDuration } from './wording.js';

test('how long something has been is told in its two largest units', () => {
  const cases = [
    [0, '0s'],
    [59, '59s'],
    [60, '1m 0s'],
    [725, '12m 5s'],
    [3600, '1h 0m'],
    [86_400 * 3 + 4 * 3600 + 59, '3d 4h'],
  ] as const;
  for (const [seconds, told] of cases) assert.equal(describeDuration(seconds), told);
});

test('sizes have a tenth where that is much', () => {
  const [MiB, GiB] = [2 ** 20, 2 ** 30];
  const cases = [
    [0, '0 B'],
    [1023, '1023 B'],
    [1.5 * MiB, '1.5 MiB'],
    [15.6 * MiB, '16 MiB'],
    [1.5 * GiB, '1.5 GiB'],
    [15.6 * GiB, '15.6 GiB'],
    [16 * GiB, '16 GiB'],
    [99.96 * GiB, '100 GiB'],
    [150.4 * GiB, '150 GiB'],
    [12.5 * 1024 * GiB, '12.5 TiB'],
  ] as const;
  for (const [bytes, told] of cases) assert.equal(describeBytes(bytes), told);
});
