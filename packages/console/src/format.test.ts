// Numbers as people read them.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytes, count, duration, moment, percent, plural, processors, secondsSince } from './format.js';

test('sizes are those of the command line', () => {
  const sizes = [0, 1023, 1024, 1536, 10 * 1024, 222_298_112, -125_829_120, 2 ** 60].map(bytes);
  assert.deepEqual(sizes, [
    '0 B',
    '1023 B',
    '1.0 KiB',
    '1.5 KiB',
    '10 KiB',
    '212 MiB',
    '−120 MiB',
    '1024 PiB',
  ]);
});

test('shares, counts and times', () => {
  assert.deepEqual([0, 0.0002, 0.004, 0.5, 1.2].map(percent), ['0 %', '<0.1 %', '0.4 %', '50 %', '120 %']);
  assert.deepEqual([0.418, 12.34].map(processors), ['0.42', '12.3']);
  assert.equal(count(12_345), '12,345');
  assert.deepEqual([plural(1, 'domain'), plural(0, 'domain')], ['1 domain', '0 domains']);
  assert.deepEqual([0, 59, 3605, 1_040_400].map(duration), ['0s', '59s', '1h 0m', '12d 1h']);
  const now = new Date('2026-11-30T12:00:00Z');
  assert.equal(secondsSince('2026-11-30T11:59:00Z', now), 60);
  assert.match(moment('2026-11-30T11:59:00Z', now), /^\d\d:59:00$/);
  assert.match(moment('2026-11-28T11:59:00Z', now), /^28 Nov 2026, \d\d:59:00$/);
});
