// Where the layers of all domains and kept roots lie on the host.
// SPDX-License-Identifier: Apache-2.0
import type { Engine } from '../contract.js';
import type { DomainStore } from '../state/store.js';
import { keyOf, layerFile, occupiedAt } from '../storage/index.js';
import type { LayerFile } from '../view.js';

/** The engine's operations on them. */
export function layerOperations({ store }: { readonly store: DomainStore }): Engine['layers'] {
  const list = (): LayerFile[] =>
    store.leases().flatMap(({ root, lease }) =>
      lease.made.flatMap(({ target, template, layer }) => {
        const key = keyOf(target);
        const path = layerFile({ folder: store.keptFolder(root), key }, layer);
        if (path === undefined) return [];
        const owner = lease.kept ? root : lease.name;
        return [{ name: `${owner}.${key}`, owner, isKept: lease.kept, target, template, path }];
      }),
    );
  return { list, size: (path) => occupiedAt(path) };
}
