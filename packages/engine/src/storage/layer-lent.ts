// The layer of a file system that is not open elsewhere, lent for a while with the container's own ids: for who carries it away or brings it.
// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { setMountAttributes } from '../host/mount-calls.js';
import { PrivateMounts } from '../host/private-mounts.js';
import type { IdMap, UserNamespacePool } from '../host/userns.js';
import { type FilesystemSpec, type KeptContext, unmappedOf } from './contract/backend.js';
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
