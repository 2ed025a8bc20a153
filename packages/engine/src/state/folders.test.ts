// Folders that are made, changed and used for a moment: what becomes of them is told by nothing but what was done with them.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { nameVolume } from '../host/volumes.js';
import { Folders, lastingPart } from './folders.js';
import { Graves } from './graves.js';

test('of a path in what is half-made the part that stays is told', () => {
  for (const [path, part] of [
    ['/lib/roots/.new-a1b2c3', '/lib/roots'],
    ['/lib/roots/web/snapshots/.new-a1b2c3/root.layer', '/lib/roots/web/snapshots'],
    ['/root/.newer/roots/web', '/root/.newer/roots/web'],
    ['/lib/roots/web', '/lib/roots/web'],
  ] as const)
    assert.equal(lastingPart(path), part);
});

test('what cannot be erased afterwards hides neither why it failed nor that it did not', async (t) => {
  const parent = mkdtempSync(join(tmpdir(), 'cvfolders-'));
  t.after(() => rmSync(parent, { recursive: true }));
  const told: string[] = [];
  const folders = new Folders(parent, new Graves(parent, (line) => void told.push(line), 60_000));
  // No host has it, so that whoever would remove it fails.
  const fill = (folder: string) => nameVolume(join(folder, 'root.lvm'), { name: 'ctvirt-none/volume' });
  const failing = async (folder: string): Promise<void> => {
    await fill(folder);
    throw new Error('of its filler');
  };
  await assert.rejects(folders.make('web', failing), /of its filler/);
  await assert.rejects(folders.scratch(failing), /of its filler/);
  const used = async (folder: string): Promise<string> => {
    await fill(folder);
    return 'used';
  };
  assert.equal(await folders.scratch(used), 'used');
  await folders.make('web', fill);
  await folders.replace('web', async (folder) => writeFileSync(join(folder, 'new'), ''));
  assert.ok(existsSync(join(folders.path('web'), 'new')));
  assert.equal(told.filter((line) => line.includes('tried again later')).length, 4);
  await folders.discard('none');
});
