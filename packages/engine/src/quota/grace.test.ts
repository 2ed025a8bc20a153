// Soft limits and their grace.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { standingOf } from './grace.js';

const now = new Date('2026-01-10T00:00:00Z');
const stateOf = (used: number | undefined, soft: number | undefined, graceSeconds: number, since?: string) =>
  standingOf({ used, soft }, { since: since === undefined ? undefined : new Date(since), graceSeconds, now });

test('within, over, and over for too long', () => {
  assert.equal(stateOf(10, 10, 60).state, 'within');
  assert.equal(stateOf(11, 10, 60).state, 'over');
  assert.equal(stateOf(11, 10, 0).state, 'expired');
  assert.equal(stateOf(11, 10, 60, '2026-01-09T23:59:01Z').state, 'over');
  assert.equal(stateOf(11, 10, 60, '2026-01-09T23:59:00Z').state, 'expired');
  assert.equal(stateOf(11, undefined, 0).state, 'within');
  assert.equal(stateOf(undefined, 10, 0).state, 'within');
});

test('grace begins at the first look, goes on, and begins anew after a time within', () => {
  assert.deepEqual(stateOf(11, 10, 60).since, now);
  const since = '2026-01-09T23:59:30Z';
  const over = stateOf(11, 10, 60, since);
  assert.deepEqual([over.since, over.ends], [new Date(since), new Date('2026-01-10T00:00:30Z')]);
  assert.equal(stateOf(9, 10, 60, since).since, undefined);
});

test('a clock that was ahead does not lengthen the grace', () => {
  assert.deepEqual(stateOf(11, 10, 60, '2027-01-01T00:00:00Z').since, now);
});
