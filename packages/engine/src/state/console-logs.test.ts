// What is kept of consoles: two runs of each domain, the end of each.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { CONSOLE_LOG_BYTES, ConsoleLogs, lastLines } from './console-logs.js';

let folder: string;
let logs: ConsoleLogs;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctvirt-consoles-'));
  logs = new ConsoleLogs(folder);
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a run that never was wrote nothing', () => {
  assert.deepEqual(logs.read('a', 'last'), { run: 'last', text: '', truncated: false });
});

test('a run makes the last one the one before, and that one goes', () => {
  for (const words of ['first', 'second', 'third']) writeFileSync(logs.begin('a'), `${words}\r\n`);
  assert.equal(logs.read('a', 'last').text, 'third\n');
  assert.equal(logs.read('a', 'before').text, 'second\n');
});

test('of much the end is kept, also over the file that liblxc put aside, and no half of a character', () => {
  const path = logs.begin('a');
  writeFileSync(path, 'x'.repeat(CONSOLE_LOG_BYTES));
  renameSync(path, `${path}.1`);
  appendFileSync(path, 'ä'.repeat(CONSOLE_LOG_BYTES / 2 - 1));
  appendFileSync(path, 'e');
  const { text, truncated } = logs.read('a', 'last');
  assert.ok(truncated);
  assert.equal(text.at(-1), 'e');
  assert.match(text, /^xä+e$/);
  const next = logs.begin('a');
  writeFileSync(next, 'next');
  assert.deepEqual(logs.read('a', 'last'), { run: 'last', text: 'next', truncated: false });
  assert.ok(logs.read('a', 'before').truncated);
});

test('what is forgotten leaves nothing, nor do those whom nobody knows', () => {
  for (const uuid of ['a', 'b', 'c']) writeFileSync(logs.begin(uuid), uuid);
  logs.forget('a');
  logs.forgetOthers(new Set(['c']));
  assert.deepEqual(readdirSync(folder), ['c']);
});

test('the last lines leave out the empty ones', () => {
  assert.deepEqual(lastLines({ text: 'one\n\ntwo \nthree\n' }, 2), ['two', 'three']);
});

test('nothing of what drives a terminal gets into a log or an error, nor a line without end', () => {
  const text = '[\u001b[32m OK \u001b[0m] up\r\n\u001b]0;title\u0007named\u0007\n\u001b[2J\u001b[H\n';
  assert.deepEqual(lastLines({ text }), ['[ OK ] up', 'named']);
  assert.equal(lastLines({ text: 'x'.repeat(5000) })[0]?.length, 300);
});
