// The log for people: one entry is one line, and drives no terminal.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createLog } from './log.js';

function linesOf(write: (log: ReturnType<typeof createLog>) => void): string[] {
  let text = '';
  const output = { write: (part: string) => (text += part) } as unknown as NodeJS.WriteStream;
  write(createLog('text', 'debug', output));
  return text.split('\n').slice(0, -1);
}

test('no message makes a line of its own, and none holds control characters', () => {
  const texts = fc
    .array(
      fc.oneof(fc.constantFrom('\n', '\r', '\x1b[2J', '\u202e', '\u009b'), fc.string({ unit: 'binary' })),
    )
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(texts, (text) => {
      const lines = linesOf((log) => {
        log.info(`domain '${text}' started`);
        log.debug({ domain: text }, 'x');
      });
      assert.equal(lines.length, 2);
      for (const line of lines) assert.doesNotMatch(line, /[\p{Cc}\u202a-\u202e\u2066-\u2069\u2028\u2029]/u);
    }),
  );
});

test('the place of a fault follows indented, so that it passes for no entry', () => {
  const [head, ...rest] = linesOf((log) =>
    log.error({ err: new Error('a\n12:00:00 info  forged') }, 'fault'),
  );
  assert.match(head ?? '', /^\d\d:\d\d:\d\d error fault$/);
  assert.ok(rest.length > 2);
  for (const line of rest) assert.match(line, /^ {4}/);
});
