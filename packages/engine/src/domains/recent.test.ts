// What happened is counted for each domain alone, and forgotten when it counts no more.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Recent } from './recent.js';

test('each for itself, for as long as it counts; of who is quiet nothing is kept', () => {
  const recent = new Recent(1000);
  assert.deepEqual(recent.note('a', 0), [0]);
  assert.deepEqual(recent.note('a', 600), [0, 600]);
  assert.deepEqual(recent.note('b', 700), [700]);
  assert.deepEqual(recent.note('a', 1100), [600, 1100]);
  recent.note('b', 1900);
  assert.deepEqual(recent.before('a'), [600, 1100]);
  recent.note('b', 2200);
  assert.deepEqual(recent.before('a'), []);
});
