// Whatever anybody has named a domain, a terminal gets no orders from it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '@ctvirt/api';
import fc from 'fast-check';
import { formatCompleted } from './completion.js';
import { describeError, describeFinding, describeRemark, encodeError } from './errors.js';
import { printable, printableJson, printableLines, wordsOfTerminal } from './printable.js';
import { formatFields, formatTable } from './table.js';

const nasty = [
  '\x1b[2J',
  '\x1b]0;title\x07',
  '\u009b31m',
  '\r',
  '\0',
  '\u202egnp.exe',
  '\u2066',
  '\u2028',
  '\x7f',
  '\b',
];
const texts = fc
  .array(fc.oneof(fc.constantFrom(...nasty, '\n', '\t'), fc.string({ unit: 'binary' })), { maxLength: 6 })
  .map((parts) => parts.join(''));
const orders = /[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|(?![\n\t])\p{Cc}/u;

test('nothing that people read holds control characters or marks of direction, whatever it tells of', () => {
  const ways: readonly ((text: string) => string)[] = [
    (text) => formatTable(['Name', 'Title'], [[text, text]]),
    (text) => formatFields([['Title', text]]),
    (text) => describeError(new ApiError('not-found', `there is no domain '${text}'`), false).text,
    (text) => describeError(new Error(text), false).text,
    (text) => describeRemark(text, false),
    (text) => encodeError(new ApiError('not-found', text, { details: { name: text } })).text,
    (text) => formatCompleted({ candidates: [{ word: text, summary: text }] }),
    (text) =>
      describeFinding(
        {
          severity: 'error',
          code: 'x',
          message: text,
          line: 1,
          column: 1,
          path: text,
          found: text,
          excerpt: text,
        },
        text,
        false,
      ),
  ];
  fc.assert(
    fc.property(texts, (text) => {
      for (const way of ways) assert.doesNotMatch(way(text), orders);
      assert.doesNotMatch(printable(text), /[\n\t]/);
      assert.equal(printableLines(text).split('\n').length, text.split('\n').length);
    }),
  );
  assert.equal(printable('Zoë 東京 é'), 'Zoë 東京 é');
});

test('JSON holds none of them either, and says the same', () => {
  fc.assert(
    fc.property(texts, fc.constantFrom(undefined, 2), (text, indent) => {
      const value = { [text]: [text] };
      const json = printableJson(value, indent);
      assert.doesNotMatch(json, orders);
      assert.deepEqual(JSON.parse(json), JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('of what was written to a terminal the words are left', () => {
  assert.equal(
    wordsOfTerminal('[\x1b[0;32m  OK  \x1b[0m] Started it.\r\n\x1b[2Jnext\n'),
    '[  OK  ] Started it.\nnext\n',
  );
});
