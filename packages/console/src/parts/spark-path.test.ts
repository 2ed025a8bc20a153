// A line over time.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathOfValues } from './spark-path.js';

test('a line reaches from foot to top, and a gap stays one', () => {
  assert.equal(pathOfValues([0, 1, 2]), 'M0.0 41.0L150.0 22.0L300.0 3.0');
  assert.equal(pathOfValues([1, 1, null, 1, 1]), 'M0.0 3.0L75.0 3.0M225.0 3.0L300.0 3.0');
  assert.equal(pathOfValues([]), '');
});

test('what stands alone between gaps is seen, and within the picture', () => {
  assert.equal(pathOfValues([1, null, 1]), 'M0.0 3.0h3M297.0 3.0h3');
  assert.equal(pathOfValues([0]), 'M0.0 41.0h3');
});
