// Tables: aligned whatever stands in them, and harmless on a terminal.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { printable } from './printable.js';
import { displayWidth, formatFields, formatTable } from './table.js';

test('every column begins at one place', () => {
  const cell = fc.string({ unit: 'grapheme', maxLength: 10 });
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 5 }), (rows) => {
      const [, , ...lines] = formatTable(['A', 'B'], rows).split('\n');
      const width = Math.max(1, ...rows.map(([first]) => displayWidth(printable(first))));
      for (const [at, [first, second]] of rows.entries()) {
        const padding = ' '.repeat(width - displayWidth(printable(first)));
        assert.equal(lines[at], ` ${printable(first)}${padding}   ${printable(second)}`);
      }
    }),
  );
});

test('no control character reaches the terminal', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      assert.doesNotMatch(formatFields([['Name', text]]).replaceAll('\n', ''), /[\x00-\x1f\x7f-\x9f]/);
    }),
  );
});

test('wide and combining characters are counted as they are shown', () => {
  assert.equal(displayWidth('abc'), 3);
  assert.equal(displayWidth('日本'), 4);
  assert.equal(displayWidth('e\u0301'), 1);
  assert.equal(displayWidth('🐧'), 2);
});
