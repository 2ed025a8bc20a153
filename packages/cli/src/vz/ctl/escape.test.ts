// Esc and a dot leave the console at the beginning of a line, and are a program's own anywhere else.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { escaping } from './escape.js';

async function passed(...chunks: readonly string[]): Promise<string> {
  const stream = escaping(0x1d);
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  return (await buffer(stream)).toString('latin1');
}

test('at the beginning of a line it is left, in one piece or two', async () => {
  assert.equal(await passed('\x1b.'), '\x1d');
  assert.equal(await passed('ls\r', '\x1b', '.'), 'ls\r\x1d');
});

test('anything else is passed on as it is', async () => {
  for (const text of ['ls\x1b.', '\x1b[A', 'a\r\x1bb.', '\x1b\x1b', 'x'])
    assert.equal(await passed(text), text);
});
