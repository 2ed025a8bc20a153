// Where the layers of all domains and kept roots lie on the host, and those of their snapshots.
// SPDX-License-Identifier: Apache-2.0
import type { Engine } from '../contract.js';
import type { SnapshotStore } from '../state/snapshot-store.js';
import type { DomainStore, KeptRoot } from '../state/store.js';
import { keyOf, layerFile, occupiedAt } from '../storage/index.js';
import type { LayerFile } from '../view.js';

/** The engine's operations on them. */
export function layerOperations({
  store,
  snapshots,
}: {
  readonly store: DomainStore;
  readonly snapshots: SnapshotStore;
}): Engine['layers'] {
  const layersIn = ({ root, lease }: KeptRoot): LayerFile[] => {
    const folder = store.keptFolder(root);
    const owner = lease.kept ? root : lease.name;
    const taken = snapshots
      .list(folder)
      .map(({ name }) => ({ snapshot: name, at: snapshots.path(folder, name), suffix: `@${name}` }));
    return [{ snapshot: null, at: folder, suffix: '' }, ...taken].flatMap(({ snapshot, at, suffix }) =>
      lease.made.flatMap(({ target, template, layer }) => {
        const key = keyOf(target);
        const path = layerFile({ folder: at, key }, layer);
        if (path === undefined) return [];
        const name = `${owner}.${key}${suffix}`;
        return [{ name, owner, isKept: lease.kept, snapshot, target, template, path }];
      }),
    );
  };
  return { list: () => store.leases().flatMap(layersIn), size: (path) => occupiedAt(path) };
}
