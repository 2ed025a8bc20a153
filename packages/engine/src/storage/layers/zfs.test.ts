// Datasets of ZFS as layers, where this host has what they take.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { conformance } from '../../testing/layer-conformance.js';
import { FIRST_ID, LayerWorld, limit, mapFrom } from '../../testing/layer-world.js';
import { noZfs, ZfsPool } from '../../testing/zfs-pool.js';
import { atMoment } from '../moment.js';
import { chooseLayer, clear, copyLayer } from './index.js';
import type { Place } from './layer.js';
import { zfs } from './zfs.js';

const skip = noZfs();
const pool = skip === false ? new ZfsPool() : undefined;
after(() => pool?.[Symbol.dispose]());

conformance({
  name: 'zfs',
  ground: { parent: pool?.folder, settle: () => pool?.settle() },
  skip,
  isLimited: true,
  leastIsHeld: true,
});

suite('on ZFS', { skip }, () => {
  const map = mapFrom(FIRST_ID);

  test('a layer is a dataset, and an image where files are to be counted', () => {
    const ground = { roots: pool?.folder ?? '', map };
    assert.deepEqual(chooseLayer({ ...ground, limit: undefined }), { layer: 'zfs', ids: 'container' });
    assert.equal(chooseLayer({ ...ground, limit: limit(16) }).layer, 'zfs');
    assert.equal(chooseLayer({ ...ground, limit: limit(16, 300) }).layer, 'image');
  });

  test('of copies and their copies each can go first, and nothing is left of any', async () => {
    const orders = [
      [0, 1, 2, 3],
      [3, 2, 1, 0],
      [1, 0, 3, 2],
      [2, 0, 1, 3],
    ];
    for (const order of orders) {
      const world = new LayerWorld(zfs, { parent: pool?.folder, ids: 'container' });
      try {
        await world.create();
        await world.run(undefined, (container) => container.put('file', 'then'));
        const places: Place[] = [world.place];
        // A copy, another of the same, and one of the first copy.
        for (const from of [0, 0, 1]) {
          const to = { ...world.place, folder: join(world.roots, `copy${places.length}`) };
          mkdirSync(to.folder);
          const hold = async (): Promise<null> => null;
          const source = places[from] ?? world.place;
          await atMoment(world.mounts, (mounts) => copyLayer(zfs, source, to, { hold, mounts }));
          places.push(to);
        }
        for (const at of order) await clear(places[at] ?? world.place);
      } finally {
        await world.close();
      }
      assert.deepEqual(pool?.holds(), [], order.join());
    }
  });
});

test('a pool that is named is taken, where files need not be counted', () => {
  const ground = { roots: '/', map: mapFrom(FIRST_ID), pool: { kind: 'zfs', name: 'tank/layers' } } as const;
  assert.equal(chooseLayer({ ...ground, limit: limit(16) }).layer, 'zfs');
  assert.equal(chooseLayer({ ...ground, limit: limit(16, 300) }).layer, 'image');
});
