// Files that arrive: whole, and where somebody meant them to be.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { arrivingFile } from './arriving-file.js';

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

test('a device is written to as it is', async () => {
  await using arriving = await arrivingFile('/dev/null', { mode: 0o644, isNamed: true });
  await arriving.file.write('new');
  await arriving.keep();
  assert.ok(!(await arriving.file.stat()).isFile());
});
