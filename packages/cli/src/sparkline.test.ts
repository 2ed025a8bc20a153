// Bars, gaps and marks.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeNumber } from './series-words.js';
import { marks, sparkline } from './sparkline.js';

test('bars go from nothing to the highest, a gap is a blank', () => {
  assert.equal(sparkline([0, 1, 2, 3, 4, 5, 6, 7, 8]), '▁▁▂▃▄▅▆▇█');
  assert.equal(sparkline([null, 0, null, 0]), ' ▁ ▁');
  assert.equal(sparkline([0.001, 5]), '▁█');
  assert.equal(sparkline([]), '');
});

test('a mark stands where something happened, once for however much', () => {
  assert.equal(marks(6, [1, 1, 4, 9, -1]), ' ×  ×');
});

test('numbers are told in the units that people read', () => {
  assert.equal(describeNumber('processors', 1.5), '150%');
  assert.equal(describeNumber('part', 0.0994), '9.9%');
  assert.equal(describeNumber('bytes/s', 2048), '2.0 KiB/s');
  assert.equal(describeNumber('count', 3.2), '3');
  assert.equal(describeNumber('count/s', 0.3), '0.3/s');
  assert.equal(describeNumber('bytes', null), '-');
});
