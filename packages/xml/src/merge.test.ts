// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ComparedLine, compareTexts, mergeTexts } from './merge.js';

const merged = (base: string, yours: string, theirs: string): string => {
  const { text, conflicts } = mergeTexts(
    base.split('').join('\n'),
    yours.split('').join('\n'),
    theirs.split('').join('\n'),
  );
  return `${conflicts} ${text
    .split('\n')
    .map((line) => line.charAt(0))
    .join('')}`;
};

test('what each side changed is there', () => {
  assert.equal(merged('abcdef', 'aXcdef', 'abcdYf'), '0 aXcdYf');
  assert.equal(merged('abcdef', 'abcdef', 'acdef'), '0 acdef');
  assert.equal(merged('abcdef', 'abcdefg', 'xabcdef'), '0 xabcdefg');
  assert.equal(merged('abcdef', 'aZbcdef', 'abcef'), '0 aZbcef');
  assert.equal(merged('', 'a', ''), '0 a');
  assert.equal(merged('abc', 'aXc', 'aXc'), '0 aXc', 'the same on both');
});

test('where both changed the same lines both are there, between marks', () => {
  assert.equal(merged('abc', 'aXc', 'aYc'), '1 a<X=Y>c');
  assert.equal(merged('abc', 'ac', 'aYc'), '1 a<=Y>c');
  assert.equal(merged('abcdef', 'aXcdWf', 'aYcdef'), '1 a<X=Y>cdWf');
});

test('no line of either side is lost, whatever was done', () => {
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * below);
  };
  const edited = (lines: readonly string[], mark: string): string[] =>
    lines.flatMap(
      (line, at) => [[line], [line], [], [line, `${mark}${at}`], [`${mark}${at}`]][random(5)] ?? [],
    );
  for (let round = 0; round < 300; round++) {
    const base = Array.from({ length: random(12) }, () => 'abcd'.charAt(random(4)));
    const [yours, theirs] = [edited(base, 'y'), edited(base, 't')];
    const { text } = mergeTexts(base.join('\n'), yours.join('\n'), theirs.join('\n'));
    const lines = new Set(text.split('\n'));
    for (const line of [...yours, ...theirs])
      if (/^[yt]/.test(line)) assert.ok(lines.has(line), `${line} of ${base}`);
  }
});

test('what became of each line is told in order, and both texts can be had of it', () => {
  const texts = ['', 'a', 'a\nb\nc', 'a\nx\nc', 'b\nc\nd\n', 'c\nb\na', 'a\nb\nb\nb\nc'];
  const kept = (lines: readonly ComparedLine[], not: ComparedLine['kind']) =>
    lines.flatMap(({ kind, text }) => (kind === not ? [] : [text])).join('\n');
  for (const before of texts)
    for (const after of texts) {
      const lines = compareTexts(before, after);
      assert.equal(kept(lines, 'new'), before);
      assert.equal(kept(lines, 'gone'), after);
      if (before === after) assert.ok(lines.every(({ kind }) => kind === 'same'));
    }
  assert.deepEqual(
    compareTexts('a\nb\nc', 'a\nx\nc').map(({ kind }) => kind),
    ['same', 'gone', 'new', 'same'],
  );
});
