// Numbers in the words that people read.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeDuration } from './wording.js';

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
