// Prometheus' text: what is escaped, what is said once, what is left out, and who gets his turn meanwhile.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Family, group, textOf } from './write.js';

const family = (name: string, value: Family<number>['value']): Family<number> => ({
  name,
  help: `Help of ${name}.`,
  type: 'gauge',
  value,
});

async function written(
  subjects: readonly (readonly [number, readonly (string | null)[]])[],
  families: readonly Family<number>[],
  labels: readonly string[] = ['name'],
): Promise<string> {
  let text = '';
  for await (const part of textOf([group({ labels, families, each: () => subjects })], undefined))
    text += part;
  return text;
}

test('help and type are told once, then one line for each subject', async () => {
  assert.equal(
    await written(
      [
        [1, ['a']],
        [2.5, ['b']],
      ],
      [family('one', (at) => at), family('two', (at) => at * 2)],
    ),
    [
      '# HELP one Help of one.',
      '# TYPE one gauge',
      'one{name="a"} 1',
      'one{name="b"} 2.5',
      '# HELP two Help of two.',
      '# TYPE two gauge',
      'two{name="a"} 2',
      'two{name="b"} 5',
      '',
    ].join('\n'),
  );
});

test('what nothing tells is no sample, and a family without one is not there', async () => {
  const text = await written(
    [
      [1, ['a']],
      [2, ['b']],
    ],
    [
      family('some', (at) => (at === 1 ? null : at)),
      family('none', () => undefined),
      family('uncounted', () => Number.NaN),
    ],
  );
  assert.equal(text, '# HELP some Help of some.\n# TYPE some gauge\nsome{name="b"} 2\n');
});

test('quotes, backslashes and ends of lines are escaped, and other letters are not', async () => {
  const text = await written([[1, ['a"b\\c\nd‮é', null]]], [family('one', () => 1)], ['name', 'more']);
  assert.match(text, /^one\{name="a\\"b\\\\c\\nd‮é",more=""\} 1$/m);
  const odd = group<undefined, number>({
    labels: [],
    each: () => [[1, []]],
    families: [{ name: 'odd', help: 'Of "C:\\"\nand more.', type: 'counter', value: () => 1 }],
  });
  assert.equal(
    [...odd.lines(undefined)].join(''),
    '# HELP odd Of "C:\\\\"\\nand more.\n# TYPE odd counter\nodd 1\n',
  );
});

test('large and small numbers are written as Go reads them', async () => {
  const numbers = [0, -1, 1e21, 1.5e-7, 2 ** 53, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const text = await written(
    numbers.map((number, at) => [number, [String(at)]]),
    [family('one', (number) => number)],
  );
  assert.deepEqual(text.match(/(?<=^one.* ).*$/gm), [
    '0',
    '-1',
    '1e+21',
    '1.5e-7',
    '9007199254740992',
    '+Inf',
    '-Inf',
  ]);
});

test('others have their turn while a long text is written', async () => {
  const subjects = Array.from({ length: 200_000 }, (_, at) => [at, [String(at)]] as const);
  let most = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    most = Math.max(most, performance.now() - last);
    last = performance.now();
  }, 0);
  let turns = 0;
  const tick = (): void => {
    turns++;
    immediate = setImmediate(tick);
  };
  let immediate = setImmediate(tick);
  await written(subjects, [family('one', (at) => at)]);
  clearInterval(timer);
  clearImmediate(immediate);
  assert.ok(turns > 5, `${turns} turns`);
});
