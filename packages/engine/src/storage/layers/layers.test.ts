// Which of the ways a layer is kept in, and what a lease's word for it means.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { mapFrom } from '../../testing/layer-world.js';
import { HOST_ROOT } from './ids.js';
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
    const ground = { roots, map: mapFrom(1_000_000) };
    assert.equal(chooseLayer({ ...ground, limit: undefined }).layer, 'folder');
    assert.equal(chooseLayer({ ...ground, limit }).layer, 'image');
    assert.equal(chooseLayer({ ...ground, limit: { bytes: undefined, inodes: 5 } }).layer, 'image');
  }));

test("its files have the container's own ids, but where the map has the host's root, or the host counts users", () =>
  inFolder((roots) => {
    const ground = { roots, limit, map: mapFrom(1_000_000) };
    assert.deepEqual(chooseLayer(ground), { layer: 'image', ids: 'container' });
    assert.deepEqual(chooseLayer({ ...ground, map: mapFrom(0) }), { layer: 'image' });
    const { uid } = mapFrom(1_000_000);
    assert.deepEqual(chooseLayer({ ...ground, map: { uid, gid: mapFrom(0).gid } }), { layer: 'image' });
    const beyond = [...uid, { inside: HOST_ROOT, outside: 5000, count: 1 }];
    assert.deepEqual(chooseLayer({ ...ground, map: { uid: beyond, gid: uid } }), { layer: 'image' });
    assert.equal(layers.project.countsUsers?.({ roots }), true);
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
