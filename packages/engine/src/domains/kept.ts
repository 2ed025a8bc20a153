// Roots of domains that are gone: which there are, and what may become of one.
// SPDX-License-Identifier: Apache-2.0
import type { KeptRoot as ShownRoot } from '@ctvirt/api';
import type { Engine } from '../contract.js';
import { EngineError } from '../errors.js';
import { readStored } from '../lifecycle/stored-document.js';
import type { Entry } from '../registry/registry.js';
import { summaryOf } from '../registry/registry.js';
import { erasedAt } from '../state/kept-root.js';
import type { SnapshotStore } from '../state/snapshot-store.js';
import type { DomainStore, KeptRoot } from '../state/store.js';
import type { DefineParts } from './define.js';
import type { DefinerParts } from './definer.js';
import { type Roots, refuseMisfit } from './roots.js';

/** Dependencies of `rootOperations`. */
export interface KeptParts
  extends Pick<DefineParts, 'turns' | 'definer' | 'registry' | 'store'>,
    Pick<DefinerParts, 'reader' | 'rootMounts'> {
  readonly roots: Roots;
  readonly snapshots: SnapshotStore;
}

/** The engine's operations on them. */
export function rootOperations(parts: KeptParts): Engine['roots'] {
  const { roots, turns } = parts;
  return {
    list: () => roots.list().map((kept) => shownOf(kept, parts)),
    adopt: (root, ref) =>
      turns.take(ref, (entry) =>
        roots.turn(root, async (kept) => {
          roots.refuseGiven(kept.lease.uuid);
          const own = await adopt(kept, entry, parts);
          return { domain: summaryOf(entry), kept: own === undefined ? null : shownOf(own, parts) };
        }),
      ),
    erase: (root) =>
      roots.turn(root, async (kept) => {
        const shown = shownOf(kept, parts);
        await roots.eraseKept(kept);
        return shown;
      }),
  };
}

/** What is told of one. */
export const shownOf = (
  { root, lease }: KeptRoot,
  { store, snapshots }: { readonly store: DomainStore; readonly snapshots: SnapshotStore },
): ShownRoot => ({
  name: root,
  domain: lease.name,
  uuid: lease.uuid,
  keptAt: lease.keptAt ?? null,
  erasedAt: erasedAt(store.keptFolder(root), lease)?.toISOString() ?? null,
  templates: [...new Set(lease.made.map(({ template }) => template))],
  snapshots: snapshots.list(store.keptFolder(root)).map(({ name }) => name),
  path: store.keptFolder(root),
});

/** The domain has its files and ids from now on; its own are kept, and answered. */
export async function adopt(kept: KeptRoot, entry: Entry, parts: KeptParts): Promise<KeptRoot | undefined> {
  const { roots, definer, reader, registry, store, rootMounts } = parts;
  const { record } = entry;
  if (entry.state !== 'shutoff')
    throw new EngineError(
      'wrong-state',
      `domain '${record.name}' is not off: it has the root that it was started with`,
    );
  rootMounts.refuse(record);
  const read = await reader.check(readStored(await store.readXml(record.name), record.name));
  refuseMisfit(kept, read.parts);
  const { own, record: next } = await roots.exchange(kept, record);
  // Until here the next daemon finds what is to be done by the lease.
  registry.replace(entry, next);
  await store.ownRoot(next, kept.lease);
  await definer.complete(entry, read);
  return own;
}
