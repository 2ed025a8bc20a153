// One operation on a layer in a process of its own, to be killed in the middle of it.
// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { PrivateMounts } from '../host/private-mounts.js';
import { UserNamespacePool } from '../host/userns.js';
import type { DiskLimit } from '../storage/index.js';
import { copyLayer, createLayer, layerAt } from '../storage/layers/index.js';
import type { Making, Place } from '../storage/layers/layer.js';
import { atMoment } from '../storage/moment.js';

export interface Operation {
  readonly layer: string;
  readonly what: 'create' | 'open' | 'relimit' | 'copy';
  readonly place: Place;
  readonly making: Making;
  readonly mounts: string;
  /** Of `relimit`, which begins with that of `making`. */
  readonly limit: DiskLimit;
}

async function perform({
  what,
  layer: name,
  place,
  making,
  mounts: folder,
  limit,
}: Operation): Promise<void> {
  const layer = layerAt(place, name);
  if (what === 'create') {
    await begun();
    return await createLayer(layer, place, making);
  }
  if (what === 'copy') {
    const to = { ...place, folder: `${place.folder}.copy` };
    rmSync(to.folder, { recursive: true, force: true });
    mkdirSync(to.folder);
    await begun();
    const hold = async (work: () => Promise<void>): Promise<null> => {
      await work();
      return null;
    };
    return void (await atMoment(folder, (moment) => copyLayer(layer, place, to, { hold, mounts: moment })));
  }
  using mounts = PrivateMounts.open(folder);
  const namespaces = new UserNamespacePool(0);
  const open = async (): Promise<void> => {
    const { limit: first, map } = making;
    const opened = await layer.open(place, { limit: first, map, namespaces, mounts, tell: () => undefined });
    await opened.settle?.(making.limit);
  };
  if (what === 'open') {
    await begun();
    return await open();
  }
  await open();
  using others = PrivateMounts.open(folder);
  await begun();
  await layer.relimit?.(place, limit, { mounts: others });
}

/** Whoever started this says when. */
async function begun(): Promise<void> {
  process.stdout.write('ready\n');
  await once(process.stdin, 'data');
}

await perform(JSON.parse(process.argv[2] ?? '') as Operation);
process.stdin.destroy();
process.stdout.write('done\n');
