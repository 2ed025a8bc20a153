// Limits that were met, by resource and hour.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hitHours, hitsOf } from './hits.js';

const now = new Date('2026-11-30T12:30:00Z');
const hit = (resource: string, at: string, rise: number) => ({
  resource,
  at,
  rise,
  domain: 'a',
  failcnt: 99,
});

test('the last time is told however long ago, and hours count what is within them', () => {
  const hits = hitsOf(
    [
      hit('numproc', '2026-11-12T00:00:00Z', 7),
      hit('kmemsize', '2026-11-12T00:00:01Z', 5),
      hit('numproc', '2026-11-29T10:30:00.001Z', 1),
      hit('numproc', '2026-11-30T11:30:00.001Z', 2),
      hit('numproc', '2026-11-30T12:31:00Z', 3),
    ],
    now,
  );
  const { last, total, hours } = hits.get('numproc') ?? assert.fail('it was hit');
  assert.deepEqual([last, total, hours.length], ['2026-11-30T12:31:00Z', 6, hitHours]);
  assert.deepEqual([hours[0], hours[hitHours - 1]], [1, 5]);
  assert.deepEqual([hits.get('kmemsize')?.last, hits.get('kmemsize')?.total], ['2026-11-12T00:00:01Z', 0]);
  assert.equal(hits.get('numfile'), undefined);
});
