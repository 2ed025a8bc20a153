// A report beside its source.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReportRow } from '@ctvirt/api/browser';
import { joined, tally } from './joined.js';

const row = (file: string, line: number, status: ReportRow['status'] = 'carried'): ReportRow => ({
  ...{ file, line, status },
  key: 'KEY',
  how: 'so',
});

test('each row is beside its line, or told apart: none is lost', () => {
  const rows = [row('a', 2), row('a', 2, 'ignored'), row('a', 0), row('b', 1), row('a', 9), row('c', 1)];
  const sources = [
    { path: 'a', text: 'one\ntwo\n' },
    { path: 'b', text: 'x' },
    { path: 'silent', text: 'y' },
  ];
  const { files, others } = joined(sources, rows);
  assert.deepEqual(
    files.map(({ path, lines }) => [path, lines.map((line) => [line.line, line.text, line.rows.length])]),
    [
      [
        'a',
        [
          [1, 'one', 0],
          [2, 'two', 2],
        ],
      ],
      ['b', [[1, 'x', 1]]],
    ],
  );
  assert.deepEqual(others, [rows[2], rows[4], rows[5]]);
  assert.deepEqual(tally(rows), { carried: 5, approximated: 0, ignored: 1 });
});
