// The files of domains that are gone: kept until somebody gives them to a domain or erases them, and by nothing else.
// SPDX-License-Identifier: Apache-2.0

import { existsSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { commandFor } from '@ctvirt/xml';
import { EngineError } from '../errors.js';
import type { Undo } from '../host/undo.js';
import type { DocumentParts } from '../lifecycle/document.js';
import type { EngineLog } from '../log.js';
import { releaseLimits } from '../quota/release.js';
import { type IdRanges, RANGE_SIZE } from '../state/id-ranges.js';
import { erasedAt, isKeptOf } from '../state/kept-root.js';
import { forgetMoving, givenTo } from '../state/moving.js';
import type { KeyedQueue } from '../state/queue.js';
import type { DomainRecord } from '../state/record.js';
import { snapshotFolders } from '../state/snapshot-store.js';
import { type DomainStore, hasHostIds, type KeptRoot, type Lease, type Made } from '../state/store.js';
import { type FilesystemSpec, releaseLayers } from '../storage/index.js';

/** Dependencies of `Roots`. */
export interface RootsParts {
  readonly store: DomainStore;
  readonly ids: IdRanges;
  readonly queue: KeyedQueue;
  readonly log: EngineLog;
}

/** Keeps, gives and erases them. A domain's turn may wait for a root's, never the other way round. */
export class Roots {
  constructor(private readonly parts: RootsParts) {}

  list(): KeptRoot[] {
    return this.parts.store.keptRoots();
  }

  /** One operation of each kept root at a time; throws `not-found` where there is none. */
  async turn<T>(root: string, operation: (kept: KeptRoot) => Promise<T>): Promise<T> {
    const { queue, store } = this.parts;
    // No domain is called so.
    return await queue.run(`root/${root}`, async () => await operation(store.keptRoot(root)));
  }

  /** Those of a domain, the last one first. */
  #ofDomain(uuid: string): KeptRoot[] {
    return this.#lastFirst().filter(({ lease }) => lease.uuid === uuid);
  }

  #lastFirst(): KeptRoot[] {
    return this.list().sort((a, b) => (b.lease.keptAt ?? '').localeCompare(a.lease.keptAt ?? ''));
  }

  /** Refuses to make a domain again that this host gave to another one: both would have it. What was kept of it last says whose it is. */
  refuseGiven(uuid: string | undefined): void {
    const [last] = uuid === undefined ? [] : this.#ofDomain(uuid);
    const to = last === undefined ? undefined : givenTo(this.parts.store.keptFolder(last.root));
    if (last === undefined || to === undefined) return;
    const { name, keptAt = 'some day' } = last.lease;
    throw new EngineError(
      'wrong-state',
      `domain '${name}' (${uuid}) was given to ${to}, which has had it since ${keptAt}: move it back from there, or make another one of it, with a UUID of its own (\`restore --name\`, \`import --new-ids\`); where that host is gone for good, \`${commandFor('migrate', [name], '--keeper here')}\` says that it is this one's again`,
    );
  }

  /** It is this host's again, since the one that it was given to is gone; returns whether there is such a one. */
  async takeBack(ref: string): Promise<boolean> {
    const { store, log } = this.parts;
    const isGiven = ({ root }: KeptRoot): boolean => givenTo(store.keptFolder(root)) !== undefined;
    const [last] = this.#lastFirst().filter(({ lease }) => lease.name === ref || lease.uuid === ref);
    if (last === undefined || !isGiven(last)) return false;
    for (const { root } of this.#ofDomain(last.lease.uuid).filter(isGiven))
      await this.turn(root, async () => await forgetMoving(store.keptFolder(root)));
    log(
      'warn',
      `domain '${last.lease.name}' (${last.lease.uuid}) is this host's again: its files are kept as root '${last.root}', which its document gets back when it is defined`,
    );
    return true;
  }

  /** What a new domain gets of those that are kept, and what is to be said of that. */
  lookFor(parts: DocumentParts): { kept?: KeptRoot; remark?: string } {
    if (!parts.filesystems.some(({ kind }) => kind === 'template')) return {};
    const all = this.#lastFirst();
    const own = all.filter(({ lease }) => lease.uuid === parts.uuid);
    const kept = own.find(({ lease }) => misfitOf(lease, parts) === undefined);
    if (kept !== undefined)
      return { kept, remark: `its files are those that were kept as '${kept.root}' when it was undefined` };
    const last = own[0] ?? all.find(({ root }) => isKeptOf(root, parts.name));
    if (last === undefined) return {};
    const { root, lease } = last;
    const misfit = misfitOf(lease, parts);
    const how =
      misfit === undefined
        ? `\`${commandFor('root adopt', [root, parts.name])}\` gives it`
        : `does not fit (${misfit.target}): ${misfit.why}`;
    return {
      remark: `its root is new: that of an earlier domain '${lease.name}' (${lease.uuid}) is kept as '${root}', and ${how}`,
    };
  }

  /** Puts kept files and their ids where a domain of this record has its own. */
  async take(kept: KeptRoot, { name }: DomainRecord, undo: Undo): Promise<void> {
    const { store, ids } = this.parts;
    await store.takeRoot(kept, name);
    undo.push(() => store.returnRoot(kept, name));
    ids.unkeep(kept.root);
    if (kept.lease.ids !== null) ids.claim(kept.lease.ids.start, name);
    undo.push(() => ids.keep(kept.root, kept.lease));
  }

  /** Of a domain that is gone, with its lease marked as kept. */
  async putAside({ name, uuid }: Pick<DomainRecord, 'name' | 'uuid'>): Promise<void> {
    const { store, ids, log } = this.parts;
    const { root, lease } = await store.putAside(name);
    ids.keep(root, lease);
    const alsoIds = hasHostIds(lease) ? ', and its ids with them' : '';
    log(
      'warn',
      `domain '${name}' (${uuid}): its files are kept as root '${root}'${alsoIds}; \`${commandFor('root erase', [root])}\` erases them`,
    );
  }

  /** Lets a domain have a kept root in the place of its own, which is kept from now on; answers that, and the domain's ids with it. */
  async exchange(kept: KeptRoot, record: DomainRecord): Promise<Exchanged> {
    const { store, ids } = this.parts;
    const { name, mapped } = record;
    const next = { ...record, ids: this.#idsWith(kept.lease, record) };
    const hasOwn = await store.keepRoot(name, mapped);
    // From the exchange on the next daemon takes them from the files that lie there, where these carry any.
    if (!hasHostIds(kept.lease)) await store.writeRecord(next);
    const own = hasOwn ? await store.swapRoots(kept.root, name) : undefined;
    if (own === undefined) await store.takeRoot(kept, name);
    else ids.keep(own.root, own.lease);
    ids.unkeep(kept.root);
    if (kept.lease.ids !== null) ids.claim(kept.lease.ids.start, name);
    await store.writeRecord(next);
    // What its own files carry they keep.
    if (record.ids !== null && record.ids.start !== next.ids?.start) ids.release(record.ids.start);
    return { own, record: next };
  }

  /** What a domain has with these files: what they carry, or what it had before unless its own files keep that. */
  #idsWith(kept: Lease, { name, ids }: DomainRecord): DomainRecord['ids'] {
    if (hasHostIds(kept)) return kept.ids;
    const own = this.parts.store.lease(name);
    const isLeft = own !== undefined && hasHostIds(own);
    return isLeft && ids !== null ? { start: this.parts.ids.lease(name), count: RANGE_SIZE } : ids;
  }

  /** Erases what is kept. */
  async eraseKept({ root, lease }: KeptRoot): Promise<void> {
    const { store, ids } = this.parts;
    this.#release(store.keptFolder(root), root, lease.ids);
    await store.eraseKept(root);
    ids.unkeep(root);
  }

  /** Erases what domains left a day ago that are another host's since. */
  async clearMoved(now: Date): Promise<void> {
    const { store, log } = this.parts;
    const isDue = ({ root, lease }: KeptRoot): boolean => {
      const at = erasedAt(store.keptFolder(root), lease);
      return at !== undefined && at <= now;
    };
    for (const { root, lease } of this.list().filter(isDue))
      await this.turn(root, async (kept) => {
        if (!isDue(kept)) return;
        await this.eraseKept(kept);
        log('info', `root '${root}' is erased: another host has had domain '${lease.name}' for a day`);
      }).catch((error: unknown) => log('warn', `root '${root}' is to be erased: ${String(error)}`));
  }

  /** Erases a domain's files. */
  async erase({ name, ids }: Pick<DomainRecord, 'name' | 'ids'>): Promise<void> {
    const { store } = this.parts;
    this.#release(store.rootFolder(name), name, ids);
    await store.removeRoot(name);
  }

  /** Before them: limits that the host's quotas would keep without them. */
  #release(folder: string, name: string, ids: DomainRecord['ids']): void {
    try {
      if (!existsSync(folder)) return;
      releaseLimits(folder, ids);
      for (const snapshot of snapshotFolders(folder)) releaseLayers(snapshot);
    } catch (error) {
      // Whoever gets those numbers next begins with limits of its own.
      this.parts.log('warn', `'${name}': its limits are left in the host's quotas: ${String(error)}`);
    }
  }
}

/** What came of an exchange. */
interface Exchanged {
  /** What was the domain's root, if it had one. */
  readonly own: KeptRoot | undefined;
  readonly record: DomainRecord;
}

/** What of a file system cannot change once it is made. */
export function fixedOf(spec: FilesystemSpec): Omit<Made, 'layer' | 'ids'> {
  return {
    target: spec.target,
    template: spec.source,
    limited: spec.limit !== undefined,
    inodes: spec.limit?.inodes ?? null,
  };
}

/** Where and why a document does not fit files that are there. */
export function misfitOf(lease: Lease, parts: DocumentParts): { target: string; why: string } | undefined {
  for (const made of lease.made) {
    const spec = parts.filesystems.find(({ target }) => target === made.target);
    if (spec === undefined) continue; // taken out of the document: its files stay for when it comes back
    const now = fixedOf(spec);
    const why =
      spec.kind !== 'template' || now.template !== made.template
        ? `it was made from template '${made.template}'`
        : now.limited !== made.limited
          ? `it was made ${made.limited ? 'with' : 'without'} disk limits`
          : now.inodes !== made.inodes
            ? `its number of inodes (${made.inodes ?? 'unlimited'}) was fixed when it was made`
            : undefined;
    if (why !== undefined) return { target: made.target, why };
  }
  if (!hasHostIds(lease))
    return namesHostRoot(parts.mapped)
      ? {
          target: '/',
          why: "its files carry the container's own ids, which no map can have that names the host's root",
        }
      : undefined;
  const { mapped = parts.mapped } = lease;
  const fits = lease.ids !== null ? parts.mapped === undefined : isDeepStrictEqual(mapped, parts.mapped);
  return fits || !lease.kept ? undefined : { target: '/', why: 'its files carry the ids of another map' };
}

const namesHostRoot = (mapped: DocumentParts['mapped']): boolean =>
  [...(mapped?.uid ?? []), ...(mapped?.gid ?? [])].some(({ first }) => first === 0);

/** Throws `exists` for a root that a domain cannot have. */
export function refuseMisfit({ root, lease }: KeptRoot, parts: DocumentParts): void {
  const misfit = misfitOf(lease, parts);
  const isMade = parts.filesystems.some(({ kind }) => kind === 'template');
  if (misfit === undefined && isMade) return;
  const why =
    misfit === undefined ? 'it has none that is made from a template' : `${misfit.why} (${misfit.target})`;
  throw new EngineError('exists', `root '${root}' is not one for domain '${parts.name}': ${why}`, {
    name: root,
  });
}
