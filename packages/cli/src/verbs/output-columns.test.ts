// Which columns of a table are shown.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Columns, outputTable } from './output-columns.js';

const columns: Columns<number> = {
  one: { head: 'One', cell: String },
  twice: { head: 'Twice', cell: (number) => String(2 * number), isExtra: true },
  half: { head: 'Half', cell: (number) => String(number / 2) },
};

const headOf = (output?: string): readonly string[] =>
  outputTable(columns, [1], { verb: 'list', output, width: Infinity }).split('\n')[0]?.trim().split(/ +/) ??
  [];

test('the usual columns are shown, those that are named in their order, or all', () => {
  assert.deepEqual(headOf(), ['One', 'Half']);
  assert.deepEqual(headOf('twice, ONE'), ['Twice', 'One']);
  assert.deepEqual(headOf('all'), ['One', 'Twice', 'Half']);
  assert.throws(
    () => headOf('twic'),
    /list: --output is one of one, twice, half, all, not 'twic'; did you mean 'twice'\?/,
  );
});
