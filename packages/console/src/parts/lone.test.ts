// Numbers that stand alone between gaps.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loneIn } from './lone.js';

test('what has nothing beside it is alone, at either end as well', () => {
  assert.deepEqual(loneIn([1, null, 2, 3, null, 0, null, null, 4]), [0, 5, 8]);
  assert.deepEqual(loneIn([1, 2, null]), []);
  assert.deepEqual(loneIn([7]), [0]);
  assert.deepEqual(loneIn([null, null]), []);
});
