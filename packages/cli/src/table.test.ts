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

test('a table that is wider than the terminal is broken within its columns, and loses nothing', () => {
  const cell = fc.stringMatching(/^([a-z]{1,9}[ ,/-]){1,12}$/);
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 4 }), (rows) => {
      const text = formatTable(['A', 'B', 'C'], rows, 40);
      for (const line of text.split('\n')) assert.ok(displayWidth(line) <= 40, line);
      const letters = (of: string): string => [...of.replaceAll(/[^a-z]/g, '')].sort().join('');
      assert.equal(letters(text), letters(rows.flat().join('')));
    }),
  );
  const table = (width: number) =>
    formatTable(
      ['Name', 'RAM', 'How', 'IP'],
      [['web', '1.5 KiB', 'of what it is', '10.0.0.5,10.0.0.6']],
      width,
    )
      .trimEnd()
      .split('\n');
  assert.deepEqual(table(51), [
    ' Name   RAM       How             IP',
    '---------------------------------------------------',
    ' web    1.5 KiB   of what it is   10.0.0.5,10.0.0.6',
  ]);
  assert.deepEqual(table(50), [
    ' Name  RAM      How            IP',
    '-------------------------------------------------',
    ' web   1.5 KiB  of what it is  10.0.0.5,10.0.0.6',
  ]);
  assert.deepEqual(table(44), [
    ' Name  RAM      How        IP',
    '--------------------------------------------',
    ' web   1.5 KiB  of what    10.0.0.5,10.0.0.6',
    '                it is',
  ]);
  assert.deepEqual(table(35), [
    ' Name RAM     How  IP',
    '-----------------------------------',
    ' web  1.5 KiB of   10.0.0.5,',
    '              what 10.0.0.6',
    '              it   ',
    '              is',
  ]);
});

test('where nothing can be broken a line is as wide as it has to be, and its rule as the terminal', () => {
  const [head, rule, line] = formatTable(['Name', 'File'], [['web', 'x'.repeat(50)]], 30).split('\n');
  assert.deepEqual([head, rule, line], [' Name File', '-'.repeat(30), ` web  ${'x'.repeat(50)}`]);
});

test('a table of many rows is broken, too', () => {
  const rows = Array.from({ length: 4000 }, () => ['web', 'word '.repeat(50)]);
  const lines = formatTable(['Name', 'Command'], rows, 80).split('\n');
  assert.deepEqual(
    lines.filter((line) => displayWidth(line) > 80),
    [],
  );
});

test('fields are broken beside their names', () => {
  assert.equal(
    formatFields([['Wall', 'up: all but sys_module and sys_rawio']], 40),
    'Wall:           up: all but sys_module\n                and sys_rawio\n\n',
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
