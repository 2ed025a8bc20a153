// What is told of files since a backup: nothing that the kernel does not know of.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { FileState } from '../storage/file-list.js';
import { asCopied, changesSince, KnownFilesStore, type KnownLayers } from './known-files.js';

const file: FileState = { size: '5', modified: '100.5', changed: '200.5', inode: '7' };
const layers = (files: Record<string, FileState>, made = 'here'): KnownLayers =>
  new Map([['root', { made, files: new Map(Object.entries(files)) }]]);
const noTemplate = () => undefined;

test('a file has changed that the kernel says so of, and one is doubtful whose length and time do not', () => {
  const before = layers({ same: file, longer: file, set: file, other: file, gone: file });
  const now = layers({
    same: file,
    longer: { ...file, size: '6', modified: '300', changed: '300' },
    set: { ...file, changed: '300' },
    other: { ...file, inode: '8' },
    new: file,
  });
  assert.deepEqual(changesSince(before, now, noTemplate), {
    changed: 4,
    doubtful: ['set', 'other'].map((path) => ({ key: 'root', path })),
  });
});

test('what covers a file of the template is doubtful, if it is as long and as old', () => {
  const below = { size: 5n, mtimeMs: 100_500n };
  const changes = (state: FileState) => changesSince(layers({}), layers({ a: state }), () => below);
  assert.deepEqual(changes(file)?.doubtful, [{ key: 'root', path: 'a' }]);
  assert.deepEqual(changes({ ...file, modified: '101.5' }), { changed: 1, doubtful: [] });
});

test('of another layer, another template, and other file systems nothing is told', () => {
  assert.equal(changesSince(layers({}), layers({}, 'elsewhere'), noTemplate), undefined);
  assert.equal(changesSince(new Map(), layers({}), noTemplate), undefined);
});

test('of what changed between the look and the copy nothing is known', () => {
  const copy = { ...file, changed: '900', inode: '90' };
  const looked = new Map([
    ['same', file],
    ['written', file],
  ]);
  const known = asCopied(
    looked,
    new Map([
      ['same', copy],
      ['written', { ...copy, size: '9' }],
      ['made', copy],
    ]),
  );
  assert.deepEqual(known.get('same'), file);
  for (const name of ['written', 'made']) assert.equal(known.get(name)?.changed, '');
  const before: KnownLayers = new Map([['root', { made: 'here', files: known }]]);
  const now = layers({ same: file, written: { ...file, size: '9' }, made: file });
  assert.deepEqual(
    changesSince(before, now, noTemplate)?.doubtful.map(({ path }) => path),
    ['written', 'made'],
  );
});

test('what is known is kept for each domain and repository, whatever files are called', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cvk'));
  try {
    const store = new KnownFilesStore(join(folder, 'known'));
    const uuid = '0b7ee4d4-1c1f-4d4a-9a6d-000000000001';
    store.keepOnly(() => true);
    assert.equal(await store.get(uuid, 'default'), undefined);
    const known = {
      id: '12345678',
      layers: new Map([
        ...layers({ 'a\n\xff': file, b: file }),
        ...new Map([['srv', { made: 'x', files: new Map() }]]),
      ]),
    };
    await store.set(uuid, 'default', known);
    assert.deepEqual(await store.get(uuid, 'default'), known);
    assert.equal(await store.get(uuid, 'second'), undefined);
    writeFileSync(join(folder, 'known', `${uuid}.second`), 'damaged');
    assert.equal(await store.get(uuid, 'second'), undefined);
    store.keepOnly((one) => one !== uuid);
    assert.deepEqual(readdirSync(join(folder, 'known')), []);
    // A backup that was taken has not failed for that.
    const remarks: string[] = [];
    writeFileSync(join(folder, 'file'), '');
    const nowhere = new KnownFilesStore(join(folder, 'file'), (remark) => void remarks.push(remark));
    await nowhere.set(uuid, 'default', known);
    assert.match(remarks.join(), /reads all of its files: .*EEXIST/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
