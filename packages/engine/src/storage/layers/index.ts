// The ways of keeping a layer, in the order in which they are asked, pools first, then the plainest; a lease names the one that was taken.
// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname, extname } from 'node:path';
import { EngineError } from '../../errors.js';
import { removeWithVolumes } from '../../host/volumes.js';
import type { LayerWords } from '../contract/backend.js';
import { btrfs } from './btrfs.js';
import { folder } from './folder.js';
import { leavesRoom } from './ids.js';
import { image } from './image.js';
import type { Copying, Ground, Layer, Making, Place } from './layer.js';
import { lvmThin } from './lvm-thin.js';
import { project } from './project.js';
import { occupiedBy } from './tree.js';
import { zfs } from './zfs.js';

export const layers = { zfs, 'lvm-thin': lvmThin, folder, btrfs, project, image } satisfies Record<
  string,
  Layer
>;
export type LayerName = keyof typeof layers;
const names = Object.keys(layers) as LayerName[];

/** How a layer that is to be made will be kept. Its files have the container's own ids wherever they can. */
export function chooseLayer(ground: Ground): LayerWords & { readonly layer: LayerName } {
  const found = names.find((name) => layers[name].suits(ground));
  if (found === undefined) throw new EngineError('unsupported', 'nothing here can keep such a disk limit');
  const layer: Layer = layers[found];
  const isOwn = leavesRoom(ground.map) && layer.countsUsers?.(ground) !== true;
  return { layer: found, ...(isOwn && { ids: 'container' }) };
}

/** What keeps the layer there; `said` is what its lease says, which one of an earlier version does not. */
export function layerAt(place: Place, said: string | undefined): Layer {
  if (said === undefined) return layers[foundAt(place)];
  const known = names.find((name) => name === said);
  if (known === undefined)
    throw new EngineError(
      'unsupported',
      `${place.folder} is kept as '${said}', which this version does not know: it was made by a later one`,
      { path: place.folder },
    );
  return layers[known];
}

/** By what lies there: an image is one, a folder with a project is limited by that, a subvolume is no other's, any other is a folder. */
export const foundAt = (place: Place): LayerName =>
  names.findLast((name) => layers[name].isAt(place)) ?? 'folder';

/** Where it lies, once it is made; undefined also where a later version made it. */
export function layerFile(place: Place, said: string = foundAt(place)): string | undefined {
  const known = names.find((name) => name === said);
  return known && layers[known].files(place).findLast(existsSync);
}

/** What it takes of the host's disk, and what it can hold where it has a size of its own. */
export async function occupiedAt(path: string) {
  const place = { folder: dirname(path), key: basename(path, extname(path)) };
  const elsewhere: Layer | undefined = Object.values(layers).find(
    (layer: Layer) => layer.size !== undefined && layer.files(place).includes(path),
  );
  const size = await elsewhere?.size?.(place);
  if (size !== undefined) return { isFolder: false, ...size };
  const found = await stat(path);
  if (!found.isDirectory()) return { isFolder: false, capacity: found.size, allocation: found.blocks * 512 };
  const bytes = await occupiedBy(path);
  return { isFolder: true, capacity: bytes, allocation: bytes };
}

/** Makes a layer where the lease knows of none: what lies there is at most what an interrupted definition left. */
export async function createLayer(layer: Layer, place: Place, making: Making): Promise<void> {
  await clear(place);
  try {
    await layer.create(place, making);
  } catch (error) {
    await clear(place);
    throw error;
  }
}

/** Takes away whatever is at such a place. */
export async function clear(place: Place): Promise<void> {
  for (const layer of Object.values(layers))
    for (const path of layer.files(place)) if (existsSync(path)) await removeWithVolumes(path);
}

/** Copies one to where at most an interrupted copy is; what fails leaves nothing. */
export async function copyLayer(
  layer: Layer,
  from: Place,
  to: Place,
  copying: Copying,
): Promise<number | null> {
  try {
    return await layer.copy(from, to, copying);
  } catch (error) {
    // Who has given it up waits for nobody: whoever made the folder for it takes that away.
    if (copying.signal?.aborted !== true) await clear(to);
    throw error;
  }
}

/** Takes back what the layers in a domain's folder have of the host, before that folder is erased. */
export function releaseLayers(keep: string): void {
  for (const layer of Object.values(layers)) layer.release?.(keep);
}

/** Takes back what the layers in a domain's folder have kept for streams to another host, whoever had begun them. */
export async function forgetStreams(keep: string): Promise<void> {
  for (const layer of Object.values<Layer>(layers)) await layer.forgetStreams?.(keep);
}
