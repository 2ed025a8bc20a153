// Files that arrive: whole, and where somebody meant them to be.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { arrivingFile } from './arriving-file.js';
import { placeFiles } from './conversion/place.js';
import { replaceText, saveText } from './documents/save.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctvirt-arriving-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function receive(name: string, isNamed: boolean, isWhole = true): Promise<void> {
  await using arriving = await arrivingFile(join(folder, name), { mode: 0o644, isNamed });
  await arriving.file.write('new');
  if (isWhole) await arriving.keep();
}

const textOf = (name: string): string => readFileSync(join(folder, name), 'utf8');

test('what is not whole leaves what was there, and nothing beside it', async () => {
  writeFileSync(join(folder, 'old'), 'old');
  for (const name of ['old', 'none']) await receive(name, true, false);
  assert.deepEqual([readdirSync(folder), textOf('old')], [['old'], 'old']);
  for (const name of ['old', 'none']) await receive(name, false);
  assert.deepEqual([readdirSync(folder).sort(), textOf('old')], [['none', 'old'], 'new']);
});

test('a link is followed where it was named, and replaced where it was found', async () => {
  writeFileSync(join(folder, 'file'), 'old');
  symlinkSync('file', join(folder, 'link'));
  await receive('link', true);
  assert.deepEqual([textOf('file'), readlinkSync(join(folder, 'link'))], ['new', 'file']);
  writeFileSync(join(folder, 'file'), 'old');
  await receive('link', false);
  assert.deepEqual([textOf('file'), textOf('link')], ['old', 'new']);
});

test('a device is written to as it is, and so is a pipe, by itself or through a link', async () => {
  const [null_, pipe] = [join(folder, 'null'), join(folder, 'pipe')];
  // As /dev/null is, in a folder where it could be replaced.
  execFileSync('mknod', [null_, 'c', '1', '3']);
  execFileSync('mkfifo', [pipe]);
  const link = join(folder, 'link');
  for (const isNamed of [true, false])
    for (const place of [null_, pipe]) {
      rmSync(link, { force: true });
      symlinkSync(place, link);
      for (const name of isNamed ? [place, link] : [place]) {
        const reader = openSync(place, constants.O_RDONLY | constants.O_NONBLOCK);
        await receive(basename(name), isNamed);
        closeSync(reader);
        const is = lstatSync(place);
        assert.ok(is.isCharacterDevice() || is.isFIFO(), `${name} was replaced`);
      }
    }
  assert.deepEqual(readdirSync(folder).sort(), ['link', 'null', 'pipe']);
});

test('what a program has open is written to, at its end, and not replaced', async () => {
  const file = join(folder, 'log');
  writeFileSync(file, 'old ');
  const open = openSync(file, 'r+');
  symlinkSync(`/proc/self/fd/${open}`, join(folder, 'stdout'));
  await receive('stdout', true);
  assert.deepEqual([textOf('log'), fstatSync(open).nlink], ['old new', 1]);
  closeSync(open);
});

test('a text is saved in one way: what is no file keeps being what it is', async () => {
  const null_ = join(folder, 'null');
  execFileSync('mknod', [null_, 'c', '1', '3']);
  assert.equal(await saveText(null_, 'new', 0o644), false);
  await replaceText(null_, 'new');
  const { mode } = lstatSync(null_);
  assert.ok(lstatSync(null_).isCharacterDevice());
  assert.equal(await saveText(join(folder, 'file'), 'new', 0o604), true);
  assert.deepEqual([lstatSync(join(folder, 'file')).mode & 0o777, lstatSync(null_).mode], [0o604, mode]);
  assert.throws(() => placeFiles(folder, new Map([['null', { text: 'x' }]]), { force: true }), /is a device/);
});
