// What changed of a domain's files since a snapshot, or between two.
// SPDX-License-Identifier: Apache-2.0

import { posix } from 'node:path';
import type { ChangedFile, Snapshot } from '@ctvirt/api';
import { filesystemsOf } from '../lifecycle/document.js';
import { readStored } from '../lifecycle/stored-document.js';
import type { Entry } from '../registry/registry.js';
import type { SnapshotStore } from '../state/snapshot-store.js';
import type { DomainStore } from '../state/store.js';
import { changesBetween } from '../storage/changed-files.js';
import { backends, type KeptContext } from '../storage/index.js';
import { atMoment } from '../storage/moment.js';
import { type CopyParts, ownOf } from './copying.js';

/** Dependencies of `changedFiles`. */
export interface DiffParts extends Pick<CopyParts, 'layout'> {
  readonly store: Pick<DomainStore, 'rootFolder' | 'lease'>;
  readonly snapshots: SnapshotStore;
  readonly kept: (entry: Entry) => KeptContext;
}

/** Of the file systems that the snapshot has; without `to` against what the domain has now. */
export async function changedFiles(
  entry: Entry,
  from: Snapshot,
  to: Snapshot | undefined,
  { layout, store, snapshots, kept }: DiffParts,
): Promise<ChangedFile[]> {
  const { name } = entry.record;
  const root = store.rootFolder(name);
  const at = (snapshot: Snapshot): KeptContext => ({
    ...kept(entry),
    keep: snapshots.path(root, snapshot.name),
  });
  const specs = ownOf(filesystemsOf(readStored(await snapshots.xml(root, from.name), name)));
  const made = store.lease(name)?.made ?? [];
  return await atMoment(layout.mounts, async (mounts) => {
    const changes: ChangedFile[] = [];
    for (const spec of specs) {
      const { copies } = backends[spec.kind];
      const before = await copies?.look(spec, { ...at(from), mounts, as: 'before' });
      const after = await copies?.look(spec, {
        ...(to === undefined ? kept(entry) : at(to)),
        mounts,
        as: 'after',
      });
      if (before === undefined || after === undefined) continue;
      const template = made.find(({ target }) => target === spec.target)?.template ?? spec.source;
      const found = await changesBetween({
        before,
        after,
        template: kept(entry).templatePath(template),
        since: new Date(from.createdAt),
        mounts: mounts(),
      });
      for (const change of found) changes.push({ ...change, path: posix.join(spec.target, change.path) });
    }
    return changes;
  });
}
