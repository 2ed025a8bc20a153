// How much of a snapshot's description a table shows.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headOf } from './snapshot-words.js';

test('a table has the beginning of a long text', () => {
  assert.equal(headOf('short'), 'short');
  assert.equal(headOf('x'.repeat(32)), 'x'.repeat(32));
  assert.equal(headOf('x'.repeat(4096)), `${'x'.repeat(31)}…`);
  assert.equal(headOf('first\nsecond'), 'first …');
});
