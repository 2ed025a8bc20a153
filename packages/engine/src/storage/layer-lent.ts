// The layer of a file system, lent or shown for a while with the container's own ids: for who carries it away or brings it.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cloneMount, type DetachedMount, MountAttr, setMountAttributes } from '../host/mount-calls.js';
import { PrivateMounts } from '../host/private-mounts.js';
import type { IdMap, UserNamespacePool } from '../host/userns.js';
import { type FilesystemSpec, type KeptContext, unmappedOf } from './contract/backend.js';
import { idsAt } from './layers/ids.js';
import { layerAt } from './layers/index.js';

/** Where it lies and whose it is. */
export interface LentContext extends Pick<KeptContext, 'keep' | 'layerOf'> {
  readonly map: IdMap;
  readonly namespaces: UserNamespacePool;
  /** Where a start puts its mounts. */
  readonly folder: string;
  readonly tell: (remarks: readonly string[]) => void;
}

/** What the container wrote, for programs that are started `within`. */
export interface LentLayer {
  readonly path: string;
  readonly within: PrivateMounts['within'];
}

/** Nobody may start the domain meanwhile. */
export async function lendLayer<T>(
  { key, target, limit }: FilesystemSpec,
  { keep, layerOf, map, namespaces, folder, tell }: LentContext,
  work: (lent: LentLayer) => Promise<T>,
): Promise<T> {
  using mounts = PrivateMounts.open(folder);
  const back = unmappedOf(map);
  const words = layerOf(target);
  const place = { folder: keep, key, ids: words?.ids };
  const { upper } = await layerAt(place, words?.layer).open(place, {
    limit,
    map,
    namespaces,
    mounts,
    tell,
    forHost: (mount) => namespaces.with(back, (fd) => setMountAttributes(mount, 0, fd)),
  });
  const path = join(mounts.folder, upper);
  const result = await work({ path, within: (start) => mounts.within(start) });
  await mounts.run(['/bin/sync', '-f', path]);
  return result;
}

/** Read only, of one that a container may have open and write to. */
export async function showLayer<T>(
  { key, target }: FilesystemSpec,
  { keep, layerOf, map, namespaces, folder }: LentContext,
  work: (shown: LentLayer) => Promise<T>,
): Promise<T> {
  using mounts = PrivateMounts.open(folder);
  const words = layerOf(target);
  const place = { folder: keep, key, ids: words?.ids };
  const as = `looked-at-${key}`;
  const upper = await layerAt(place, words?.layer).look(place, { mounts: () => mounts, as });
  using shown = mounts.within(() => mountOf(upper));
  setMountAttributes(shown, MountAttr.readOnly | MountAttr.noSuid | MountAttr.noDev);
  if (mounts.within(() => idsAt(place, dirname(upper))) === 'host')
    await namespaces.with(unmappedOf(map), (fd) => setMountAttributes(shown, 0, fd));
  const path = mounts.attach(shown, `shown-${key}`);
  return await work({ path, within: (start) => mounts.within(start) });
}

function mountOf(folder: string): DetachedMount {
  const fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    return cloneMount(fd, folder);
  } finally {
    closeSync(fd);
  }
}
