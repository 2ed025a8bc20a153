// Which rows of a long list are drawn.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spanOf } from './window.js';

test('as many rows are drawn of many as of few, and some beyond each edge', () => {
  assert.deepEqual(spanOf(0, 800, 40, 10_000), { from: 0, to: 26 });
  assert.deepEqual(spanOf(4000, 4800, 40, 10_000), { from: 94, to: 126 });
  assert.deepEqual(spanOf(399_200, 400_000, 40, 10_000), { from: 9974, to: 10_000 });
});

test('few rows, none, and a place beyond the end', () => {
  assert.deepEqual(spanOf(0, 800, 40, 3), { from: 0, to: 3 });
  assert.deepEqual(spanOf(0, 800, 40, 0), { from: 0, to: 0 });
  assert.deepEqual(spanOf(9000, 9800, 40, 3), { from: 2, to: 3 });
});
