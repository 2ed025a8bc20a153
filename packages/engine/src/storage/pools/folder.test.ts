// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import fs, {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
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

test('what no file has, and what the disk has not, is refused as such, and leaves no descriptor open', async (t) => {
  const path = mkdtempSync(join(tmpdir(), 'ctvirt-folder-'));
  t.after(() => rmSync(path, { recursive: true }));
  const folder = new PoolFolder(() => {
    const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
    return { fd, path, [Symbol.dispose]: () => closeSync(fd) };
  });
  writeFileSync(join(path, 'disk'), 'whole');
  const open = (): number => readdirSync('/proc/self/fd').length;
  const before = open();
  const disk = { name: 'other', isFolder: false };
  for (const bytes of [2 ** 63, 2 ** 53, -1, Number.NaN]) {
    for (const range of [
      { offset: bytes, length: 0 },
      { offset: 1, length: bytes },
    ]) {
      assert.throws(() => folder.read('disk', range), { code: 'invalid' });
      await assert.rejects(folder.write('disk', range, failing(0)), { code: 'invalid' });
    }
    await assert.rejects(folder.resize('disk', bytes), { code: 'invalid' });
    await assert.rejects(folder.make({ ...disk, capacity: bytes }), { code: 'invalid' });
  }
  // What a number holds, and no file system does.
  await assert.rejects(folder.resize('disk', Number.MAX_SAFE_INTEGER), { code: 'no-space' });
  await assert.rejects(folder.make({ ...disk, capacity: Number.MAX_SAFE_INTEGER }), { code: 'no-space' });
  mkdirSync(join(path, 'full/of'), { recursive: true });
  await assert.rejects(folder.remove('full'), { code: 'in-use' });
  assert.deepEqual(readdirSync(path), ['disk', 'full']);
  assert.ok(open() <= before);
});
