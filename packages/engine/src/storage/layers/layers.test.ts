// Which of the ways a layer is kept in, and what a lease's word for it means.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { chooseLayer, foundAt, layerAt, layers } from './index.js';

function inFolder(use: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'cvlayers-'));
  try {
    use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
const limit = { bytes: 1 << 24, inodes: undefined };

test('without a limit a folder, with one an image where no project is to be had', () =>
  inFolder((roots) => {
    assert.equal(chooseLayer({ roots, limit: undefined }), 'folder');
    assert.equal(chooseLayer({ roots, limit }), 'image');
    assert.equal(chooseLayer({ roots, limit: { bytes: undefined, inodes: 5 } }), 'image');
  }));

test("a lease's word is taken; of one without it what lies there tells", () =>
  inFolder((folder) => {
    const place = { folder, key: 'root' };
    assert.equal(layerAt(place, 'image'), layers.image);
    mkdirSync(join(folder, 'root.layer'));
    assert.equal(layerAt(place, undefined), layers.folder);
    writeFileSync(join(folder, 'root.img'), '');
    assert.equal(foundAt(place), 'image');
    assert.equal(foundAt({ folder, key: 'other' }), 'folder');
    assert.throws(() => layerAt(place, 'of a later version'), { code: 'unsupported' });
  }));
