// Whose ids the files of a layer have on disk: the container's own, whichever range of the host it has, or those of its range.
// SPDX-License-Identifier: Apache-2.0
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError, errnoOf } from '../../errors.js';
import { type DetachedMount, MountAttr, setMountAttributes } from '../../host/mount-calls.js';
import type { IdMap, IdMapEntry } from '../../host/userns.js';
import { type ForHost, hostId } from '../contract/backend.js';
import type { LayerIds, Opening, Place } from './layer.js';

/**
 * On disk, the host's root in a layer with the container's own ids: overlay needs it for what it works with, and a map that has no
 * place for it makes the layer read-only. No container's, no range's, no subordinate id.
 */
export const HOST_ROOT = 4_294_900_000;

const hostRoot: IdMapEntry = { inside: HOST_ROOT, outside: 0, count: 1 };

const has = (first: number, count: number, id: number): boolean => id >= first && id < first + count;

/** Whether the host's root can have a place beside a container's ids: not where these are the host's themselves. */
export const leavesRoom = ({ uid, gid }: IdMap): boolean =>
  [...uid, ...gid].every(
    ({ inside, outside, count }) =>
      !has(outside, count, hostRoot.outside) && !has(inside, count, hostRoot.inside),
  );

interface Ids {
  readonly uid: number;
  readonly gid: number;
}

/** What the root of the container's tree is made as, which the template's root belongs to as `root`; and overlay's own folder. */
export function ownersOf(ids: LayerIds | undefined, map: IdMap, root: Ids): { upper: Ids; work: Ids } {
  return ids === 'container'
    ? { upper: root, work: { uid: HOST_ROOT, gid: HOST_ROOT } }
    : {
        upper: { uid: hostId(map.uid, root.uid), gid: hostId(map.gid, root.gid) },
        work: { uid: 0, gid: 0 },
      };
}

/** What the lease says; where none can be read, the folder that overlay works with tells. */
export const idsAt = ({ ids }: Pick<Place, 'ids'>, tree: string): LayerIds =>
  ids ?? (lstatSync(join(tree, 'work')).uid === HOST_ROOT ? 'container' : 'host');

/** How a layer's mount is changed for whoever is going to see it; not at all where its ids on disk are those wanted. */
export function viewFor(
  ids: LayerIds,
  { map, namespaces, forHost }: Pick<Opening, 'map' | 'namespaces' | 'forHost'>,
): ForHost | undefined {
  if (ids === 'host') return forHost;
  if (forHost !== undefined) return undefined;
  if (!leavesRoom(map)) throw noRoom();
  const wanted: IdMap = { uid: [...map.uid, hostRoot], gid: [...map.gid, hostRoot] };
  return (mount) => namespaces.with(wanted, (fd) => mapMount(mount, fd));
}

function mapMount(mount: DetachedMount, namespace: number): void {
  try {
    setMountAttributes(mount, MountAttr.noSuid | MountAttr.noDev, namespace);
  } catch (cause) {
    if (errnoOf(cause) !== 'EINVAL') throw cause;
    throw new EngineError(
      'unsupported',
      'the file system that the roots of domains lie on cannot be id-mapped on this kernel',
      {},
      { cause },
    );
  }
}

const noRoom = (): EngineError =>
  new EngineError(
    'unsupported',
    "its files have the container's own ids on disk, and an <idmap> that has the host's root in it leaves that no other",
  );
