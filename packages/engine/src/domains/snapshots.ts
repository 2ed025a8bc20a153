// Snapshots of domains: taken, listed, described and deleted.
// SPDX-License-Identifier: Apache-2.0
import type { Snapshot, SnapshotDelete, SnapshotRequest } from '@ctvirt/api';
import type { Domain } from '@ctvirt/xml';
import type { DomainRef, Engine, SnapshotOrigin, Watched } from '../contract.js';
import { EngineError } from '../errors.js';
import type { Jobs } from '../jobs/jobs.js';
import type { Lives } from '../life/lives.js';
import { filesystemsOf } from '../lifecycle/document.js';
import { type Entry, summaryOf } from '../registry/registry.js';
import { checkSnapshotName } from '../state/names.js';
import type { SnapshotRecord, SnapshotStore } from '../state/snapshot-store.js';
import type { DomainStore } from '../state/store.js';
import {
  backends,
  type FilesystemSpec,
  type KeptContext,
  keyOf,
  layerFile,
  occupiedAt,
  releaseLayers,
} from '../storage/index.js';
import type { RootMounts } from '../storage/root-mounts.js';
import { type CopyParts, copiedOf, copyFiles, flagsOf, ownOf, recordOf } from './copying.js';
import { transient } from './definer.js';
import type { Lifecycle } from './lifecycle.js';
import type { Reverter } from './reverter.js';
import { tellingRoom } from './room.js';
import { changedFiles } from './snapshot-diff.js';
import { checkDescription, expiryOf } from './snapshot-words.js';
import type { Turns } from './turns.js';

/** Dependencies of `snapshotOperations`. */
export interface SnapshotParts extends CopyParts {
  readonly turns: Turns;
  readonly lifecycle: Pick<Lifecycle, 'hold'>;
  readonly reverter: Reverter;
  readonly store: Pick<DomainStore, 'rootFolder' | 'lease'>;
  readonly jobs: Jobs;
  readonly lives: Pick<Lives, 'note'>;
  readonly snapshots: SnapshotStore;
  readonly rootMounts: Pick<RootMounts, 'refuse'>;
  readonly stored: (entry: Entry) => Promise<{ readonly xml: string; readonly domain: Domain }>;
  readonly kept: (entry: Entry) => KeptContext;
}

/** The engine's operations on them. */
export function snapshotOperations(parts: SnapshotParts): Engine['snapshots'] {
  const { turns, snapshots, store, reverter } = parts;
  const rootOf = ({ record }: Entry): string => store.rootFolder(record.name);
  const list = (entry: Entry): readonly Snapshot[] => snapshots.list(rootOf(entry));
  const get = (entry: Entry, name: string): Snapshot => snapshotOf(entry, list(entry), name);
  const note = (entry: Entry, detail: 'made' | 'reverted' | 'deleted', name: string): void =>
    parts.lives.note(entry, { event: 'snapshot', detail, words: name });
  /** What was interrupted is brought to its end before anything else is done. */
  const take: Turns['take'] = (ref, operation, of) =>
    turns.take(
      ref,
      async (entry) => {
        await reverter.settle(entry);
        return await operation(entry);
      },
      of,
    );
  const job = async <T>(
    ref: DomainRef,
    kind: 'snapshot' | 'revert',
    watched: Watched,
    operation: (entry: Entry, watched: Watched) => Promise<T>,
  ): Promise<T> => {
    const entry = turns.find(ref);
    const work = (job: Watched) => take(entry.record.uuid, (one) => operation(one, job), { isJob: true });
    return await parts.jobs.run(entry, kind, work, watched);
  };
  return {
    list: (ref) => list(turns.find(ref)),
    get: (ref, name) => get(turns.find(ref), name),
    async occupied(ref, name) {
      const entry = turns.find(ref);
      const folder = snapshots.path(rootOf(entry), get(entry, name).name);
      let bytes = 0;
      for (const { target, layer } of store.lease(entry.record.name)?.made ?? []) {
        const path = layerFile({ folder, key: keyOf(target) }, layer);
        if (path !== undefined) bytes += (await occupiedAt(path)).allocation;
      }
      return bytes;
    },
    current: (ref) => list(turns.find(ref)).find(({ isCurrent }) => isCurrent),
    xml: (ref, name) =>
      turns.look(ref, async (entry) => await snapshots.xml(rootOf(entry), get(entry, name).name)),
    create: (ref, request = {}, watched = {}) =>
      job(ref, 'snapshot', watched, async (entry, job) => {
        const made = await create(entry, request, job, parts);
        note(entry, 'made', made);
        return get(entry, made);
      }),
    revert: (ref, name, how = {}, watched = {}) =>
      job(ref, 'revert', watched, async (entry, job) => {
        await reverter.revert(entry, get(entry, name), how, job);
        note(entry, 'reverted', name);
        return summaryOf(entry);
      }),
    delete: (ref, name, how = {}) =>
      take(ref, async (entry) => {
        const chosen = chosenOf(get(entry, name), list(entry), how);
        for (const one of chosen) {
          await snapshots.remove(rootOf(entry), one.name, releaseLayers);
          note(entry, 'deleted', one.name);
        }
        return chosen;
      }),
    describe: (ref, name, description) =>
      take(ref, async (entry) => {
        checkDescription(description);
        await snapshots.change(rootOf(entry), get(entry, name).name, (record) => ({
          ...record,
          description,
        }));
        return get(entry, name);
      }),
    diff: (ref, name, { against } = {}) =>
      take(ref, async (entry) => {
        const to = against === undefined ? undefined : get(entry, against);
        return await changedFiles(entry, get(entry, name), to, parts);
      }),
  };
}

/** Throws `not-found`. */
function snapshotOf({ record }: Entry, all: readonly Snapshot[], name: string): Snapshot {
  const found = all.find((one) => one.name === name);
  if (found !== undefined) return found;
  throw new EngineError('not-found', `domain '${record.name}' has no snapshot '${name}'`, { name });
}

async function create(
  entry: Entry,
  request: SnapshotRequest & SnapshotOrigin,
  watched: Watched,
  parts: SnapshotParts,
): Promise<string> {
  const { store, snapshots, stored, kept, rootMounts, lifecycle } = parts;
  const { record } = entry;
  if (!record.persistent) throw transient();
  rootMounts.refuse(record);
  const root = store.rootFolder(record.name);
  const all = snapshots.list(root);
  const name = request.name ?? freeName(all);
  checkSnapshotName(name);
  const { description = null, expiresAt } = request;
  checkDescription(description);
  const words = { name, description, expiresAt: expiresAt === undefined ? null : expiryOf(expiresAt) };
  if (all.some((one) => one.name === name))
    throw new EngineError('exists', `domain '${record.name}' has a snapshot '${name}' already`, { name });
  const { xml, domain } = await stored(entry);
  const filesystems = filesystemsOf(domain);
  refuseForeignRoot(entry, filesystems);
  const files = { name: record.name, specs: ownOf(filesystems), from: kept(entry) };
  const fill = async (folder: string): Promise<SnapshotRecord> => {
    const now = recordOf(entry, all, filesystems);
    const hold = (work: () => Promise<void>, limitMs: number) => lifecycle.hold(entry, work, limitMs);
    for (const lost of await flagsOf(files))
      parts.log('warn', `snapshot '${name}' of domain '${record.name}': ${lost}`, { domain: record.name });
    const heldMs = await copyFiles({ ...files, to: folder, hold, ...watched }, parts);
    const frozenMs = now.state === 'running' ? heldMs : null;
    return { ...now, ...words, frozenMs, by: request.by ?? 'request' };
  };
  await tellingRoom(copiedOf(files), () => snapshots.make(root, { name, xml }, fill));
  return name;
}

function refuseForeignRoot({ record }: Entry, filesystems: readonly FilesystemSpec[]): void {
  const root = filesystems.find(({ target }) => target === '/');
  if (root !== undefined && backends[root.kind].copies !== undefined) return;
  throw new EngineError(
    'unsupported',
    `domain '${record.name}' has no root of its own that a snapshot could be taken of: ${root === undefined ? 'it has none' : `${root.source} is the host's (type '${root.kind}'), and what keeps that may take one`}`,
    root === undefined ? {} : { source: root.source },
  );
}

/** The time in UTC, such as 20261130-120000. */
function freeName(all: readonly Snapshot[]): string {
  const time = new Date().toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const names = new Set(all.map(({ name }) => name));
  for (let number = 1; ; number++) {
    const name = number === 1 ? time : `${time}-${number}`;
    if (!names.has(name)) return name;
  }
}

/** Those that go, each before the one that it comes from. */
function chosenOf(one: Snapshot, all: readonly Snapshot[], { children }: SnapshotDelete): Snapshot[] {
  const below = (parent: string): Snapshot[] =>
    all.filter((each) => each.parent === parent).flatMap((each) => [...below(each.name), each]);
  return [...(children === undefined ? [] : below(one.name)), ...(children === 'only' ? [] : [one])];
}
