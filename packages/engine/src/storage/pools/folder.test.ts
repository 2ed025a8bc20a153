// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import fs, { closeSync, constants, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { PoolFolder } from './folder.js';

async function* failing(pieces: number): AsyncGenerator<Buffer> {
  for (let piece = 0; piece < pieces; piece++) yield Buffer.from('some');
  throw new Error('the client left');
}

test('what ends before its first piece, or amid them, leaves no part of it', async (t) => {
  const path = mkdtempSync(join(tmpdir(), 'ctvirt-folder-'));
  t.after(() => rmSync(path, { recursive: true }));
  // On a busy disk a file is opened after a stream for it has failed: one that opens it then makes it anew.
  const { open } = fs;
  t.mock.method(fs, 'open', (...args: Parameters<typeof open>) => setTimeout(() => open(...args), 20));
  const openFolder = () => {
    const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
    return { fd, path, [Symbol.dispose]: () => closeSync(fd) };
  };
  const folder = new PoolFolder(openFolder);
  writeFileSync(join(path, 'web.tar'), 'whole');
  // One after the other: each has the folder by the number that the one before had.
  for (let pieces = 0; pieces < 20; pieces++)
    await assert.rejects(folder.replace('web.tar', { offset: 0, length: 0 }, failing(pieces % 3)), /left/);
  using _held = openFolder();
  await delay(60);
  assert.deepEqual(readdirSync(path), ['web.tar']);
});
