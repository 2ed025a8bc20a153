// Waiting for an end that takes its time.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Patience } from './patience.js';

test('an end is waited for as long as there are fewer processes than ever, and no longer', () => {
  const patience = new Patience(10_000, 0);
  assert.equal(patience.left(28_000, 1000), 10_000);
  assert.equal(patience.left(9000, 9000), 10_000);
  assert.equal(patience.left(9000, 12_000), 7000);
  // One that makes new ones as fast as they end goes nowhere.
  assert.equal(patience.left(9500, 14_000), 5000);
  assert.equal(patience.left(9100, 18_000), 1000);
  assert.equal(patience.left(1, 18_500), 10_000);
  assert.equal(patience.left(1, 28_500), 0);
  assert.equal(patience.left(1, 60_000), 0);
});

test('where nothing is counted the time is what it is', () => {
  const patience = new Patience(10_000, 0);
  assert.equal(patience.left(null, 4000), 6000);
  assert.equal(patience.left(null, 10_001), 0);
});
