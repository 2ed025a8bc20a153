// Reverts a domain to a snapshot: its files change places with copies, and from the moment that is decided it is brought to its end.
// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Snapshot, SnapshotRevert } from '@ctvirt/api';
import { type Domain, formatDomain } from '@ctvirt/xml';
import type { Watched } from '../contract.js';
import { EngineError, withMore } from '../errors.js';
import { syncDirectory, writeAtomically } from '../host/files.js';
import { volumeFolders } from '../host/volumes.js';
import { filesystemsOf } from '../lifecycle/document.js';
import { readStored } from '../lifecycle/stored-document.js';
import type { Entry } from '../registry/registry.js';
import { parseJson } from '../state/folders.js';
import type { Graves } from '../state/graves.js';
import type { KeyedQueue } from '../state/queue.js';
import { BEFORE_REVERT, type SnapshotStore, writeSnapshot } from '../state/snapshot-store.js';
import type { DomainStore } from '../state/store.js';
import { type KeptContext, releaseLayers } from '../storage/index.js';
import type { RootMounts } from '../storage/root-mounts.js';
import {
  type CopyParts,
  copiedOf,
  copyFiles,
  type FilesToCopy,
  onLease,
  ownOf,
  recordOf,
} from './copying.js';
import { type Definer, transient } from './definer.js';
import type { Lifecycle } from './lifecycle.js';
import { tellingRoom } from './room.js';

/** Dependencies of `Reverter`. */
export interface ReverterParts extends CopyParts {
  readonly lifecycle: Pick<Lifecycle, 'judge' | 'start' | 'destroy' | 'suspend'>;
  readonly definer: Pick<Definer, 'judge' | 'revert'>;
  readonly store: Pick<DomainStore, 'rootFolder' | 'lease'>;
  readonly snapshots: SnapshotStore;
  readonly graves: Pick<Graves, 'discard' | 'settled'>;
  readonly queue: KeyedQueue;
  readonly rootMounts: Pick<RootMounts, 'refuse'>;
  readonly stored: (entry: Entry) => Promise<{ readonly xml: string; readonly domain: Domain }>;
  readonly kept: (entry: Entry) => KeptContext;
}

const afters = ['running', 'paused', 'shutoff'] as const;
/** What a domain does once it is reverted. */
type After = (typeof afters)[number];

/** What a domain is to be. */
interface Wanted {
  readonly domain: Domain;
  readonly files: Pick<FilesToCopy, 'name' | 'specs' | 'from'>;
}

/** What takes the place of what is there, from the moment at which it is called so. */
const REVERT = volumeFolders.revert;
/** How what is half-made or half-removed is called: the next daemon removes it. */
export const PART = volumeFolders.part;
/** In it: what was there, to become a snapshot. */
const BEFORE = volumeFolders.before;
/** In it: the document, and which snapshot it is of, with what the domain does then. */
const DOCUMENT = 'domain.xml';
const TARGET = 'to.json';
/** Beside the files of one that is ended for it: what it is to do again. */
const AGAIN = 'again.json';

/** Whether a revert of the domain with this root folder was decided and is not done. */
export const isReverting = (root: string): boolean => existsSync(join(root, REVERT));

/** Throws `wrong-state` for a domain whose files and document may be of two moments. */
export function refuseReverting(name: string, root: string): void {
  if (!isReverting(root)) return;
  throw new EngineError(
    'wrong-state',
    `a revert of domain '${name}' is not done: \`ctvirt snapshot revert\` brings it to its end, as does the next start of the daemon`,
  );
}

/** Does it, and brings to its end what was interrupted. */
export class Reverter {
  constructor(private readonly parts: ReverterParts) {}

  /** In a turn of the domain's queue. */
  async revert(
    entry: Entry,
    snapshot: Snapshot,
    { state }: SnapshotRevert,
    { signal }: Watched,
  ): Promise<void> {
    const { lifecycle, rootMounts, store, graves } = this.parts;
    const { record, state: before } = entry;
    if (!record.persistent) throw transient();
    rootMounts.refuse(record);
    const wanted = state ?? (before === 'shutoff' ? 'shutoff' : 'running');
    const { domain, files } = await this.#wanted(entry, snapshot);
    await this.#judge(entry, domain, wanted);
    const staging = await tellingRoom(copiedOf(files), async () =>
      mkdtempSync(join(store.rootFolder(record.name), PART)),
    );
    try {
      await tellingRoom(copiedOf(files), () =>
        this.#prepare(entry, snapshot, { domain, files, after: wanted, staging, signal }),
      );
      // The copy may have taken long.
      await this.#judge(entry, domain, wanted);
      await this.#promise(entry, before === 'running' || before === 'paused' ? before : 'shutoff');
      if (entry.state !== 'shutoff') await lifecycle.destroy(entry);
      await this.#change(entry, domain, staging);
    } catch (error) {
      await graves.discard(staging);
      // What was not decided leaves it as it was, as far as one can that was ended.
      if (!isReverting(store.rootFolder(record.name)))
        await this.keep(entry).catch((why: unknown) => {
          throw withMore(
            error,
            `domain '${record.name}' is what it was before, but off, since it does not start: ${String(why)}`,
          );
        });
      throw error;
    }
    await this.keep(entry).catch((error: unknown) => {
      throw withMore(
        error,
        `domain '${record.name}' is reverted to '${snapshot.name}', but does not start; what it was before is its snapshot '${BEFORE_REVERT}'`,
      );
    });
  }

  /** Throws, before anything of it is touched, why it cannot be reverted or would not start then. */
  async #judge(entry: Entry, domain: Domain, wanted: After): Promise<void> {
    const { definer, lifecycle } = this.parts;
    await definer.judge(entry, domain, { toStart: false });
    if (wanted === 'shutoff') return;
    try {
      await definer.judge(entry, domain, { toStart: true });
      await lifecycle.judge(entry, domain);
    } catch (error) {
      throw withMore(
        error,
        `domain '${entry.record.name}' would not start then and stays as it is: it can be reverted to be off (\`ctvirt snapshot revert --shutoff\`)`,
      );
    }
  }

  /** It runs again if it is to: the next daemon sees to that, too. Whoever asked is told why it does not. */
  async keep(entry: Entry): Promise<void> {
    const { lifecycle, store } = this.parts;
    const path = join(store.rootFolder(entry.record.name), AGAIN);
    if (!existsSync(path)) return;
    const { state } = parseJson(readFileSync(path, 'utf8'), path, isPromise, 'what a domain is to do again');
    try {
      if (entry.state !== 'shutoff' || state === 'shutoff') return;
      await lifecycle.start(entry);
      if (state === 'paused') await lifecycle.suspend(entry);
      // Who asked lists what there is now, and looks at each: none of them may go meanwhile.
      await this.#dropBefore(entry);
    } finally {
      await rm(path, { force: true });
    }
  }

  /** What it is to do, whatever becomes of the daemon. */
  async #promise({ record: { name } }: Entry, state: After): Promise<void> {
    const path = join(this.parts.store.rootFolder(name), AGAIN);
    if (state === 'shutoff') await rm(path, { force: true });
    else await writeAtomically(path, `${JSON.stringify({ version: 1, state })}\n`);
  }

  /** Once it has started, what it was before it was reverted is of no use any more: it goes when the start's turn is over. */
  forgetBefore(entry: Entry): void {
    if (this.#hasBefore(entry)) void this.parts.queue.run(entry.record.name, () => this.#dropBefore(entry));
  }

  #hasBefore({ record: { name } }: Entry): boolean {
    const { snapshots, store } = this.parts;
    return snapshots
      .list(store.rootFolder(name))
      .some((one) => one.name === BEFORE_REVERT && one.by === 'revert');
  }

  /** In a turn of the domain's queue. */
  async #dropBefore(entry: Entry): Promise<void> {
    const { snapshots, store, log } = this.parts;
    const { name } = entry.record;
    try {
      if (this.#hasBefore(entry))
        await snapshots.remove(store.rootFolder(name), BEFORE_REVERT, releaseLayers);
    } catch (error) {
      log('warn', `domain '${name}': what it was before it was reverted is not erased: ${String(error)}`, {
        domain: name,
      });
    }
  }

  /** The same of one that was interrupted, with what it is to do then. */
  async settle(entry: Entry): Promise<void> {
    await this.finish(entry);
    const { name } = entry.record;
    await this.keep(entry).catch((error: unknown) =>
      this.parts.log('error', `domain '${name}' was to run again once it was reverted: ${String(error)}`, {
        domain: name,
      }),
    );
  }

  /** What a killed daemon had decided, or a full disk stopped. */
  async finish(entry: Entry): Promise<void> {
    const root = this.parts.store.rootFolder(entry.record.name);
    if (!isReverting(root)) return;
    const text = readFileSync(join(root, REVERT, DOCUMENT), 'utf8');
    await this.#change(entry, readStored(text, entry.record.name), undefined);
    this.parts.log('warn', `domain '${entry.record.name}': a revert that was interrupted is done`, {
      domain: entry.record.name,
    });
  }

  /** The document of the snapshot, and its files. */
  async #wanted(entry: Entry, snapshot: Snapshot): Promise<Wanted> {
    const { store, snapshots, kept } = this.parts;
    const { name, uuid } = entry.record;
    const root = store.rootFolder(name);
    const from = snapshots.path(root, snapshot.name);
    const then = readStored(await snapshots.xml(root, snapshot.name), name);
    const domain = { ...onLease(then, store.lease(name)), name, uuid };
    const there = readdirSync(from);
    const specs = ownOf(filesystemsOf(domain)).filter(({ key }) =>
      there.some((entryName) => entryName.startsWith(`${key}.`)),
    );
    return { domain, files: { name, specs, from: { ...kept(entry), keep: from } } };
  }

  /** Copies of its files, with the document that goes with them and what the domain is now. */
  async #prepare(
    entry: Entry,
    snapshot: Snapshot,
    {
      domain,
      files,
      after,
      staging,
      signal,
    }: Wanted & {
      readonly after: After;
      readonly staging: string;
      readonly signal: AbortSignal | undefined;
    },
  ): Promise<void> {
    const { store, snapshots, stored } = this.parts;
    const root = store.rootFolder(entry.record.name);
    const hold = async (work: () => Promise<void>): Promise<null> => {
      await work();
      return null;
    };
    await copyFiles({ ...files, to: staging, toRun: true, hold, signal }, this.parts);
    const now = await stored(entry);
    const before = {
      ...recordOf(entry, snapshots.list(root), filesystemsOf(now.domain)),
      name: BEFORE_REVERT,
      by: 'revert' as const,
    };
    await mkdir(join(staging, BEFORE), { mode: 0o700 });
    await writeSnapshot(join(staging, BEFORE), before, now.xml);
    await writeAtomically(join(staging, DOCUMENT), formatDomain(domain));
    await writeAtomically(
      join(staging, TARGET),
      `${JSON.stringify({ version: 1, name: currentAfter(snapshot), state: after })}\n`,
    );
  }

  /** Without `staging` it was decided before. */
  async #change(entry: Entry, domain: Domain, staging: string | undefined): Promise<void> {
    const { definer, snapshots, store } = this.parts;
    const root = store.rootFolder(entry.record.name);
    await definer.revert(entry, domain, async () => {
      if (staging !== undefined) {
        renameSync(staging, join(root, REVERT));
        await syncDirectory(root);
      }
      await exchangeFiles(root);
    });
    const { name, state } = parseJson(
      readFileSync(join(root, REVERT, TARGET), 'utf8'),
      join(root, REVERT),
      isTarget,
      'a revert',
    );
    if (existsSync(join(root, REVERT, BEFORE)))
      await snapshots.put(root, BEFORE_REVERT, join(root, REVERT, BEFORE), releaseLayers);
    await snapshots.setCurrent(root, name);
    await this.#promise(entry, state);
    // The moment it is done is the rename; what follows can be repeated.
    const rest = join(root, `${PART}${randomBytes(8).toString('hex')}`);
    renameSync(join(root, REVERT), rest);
    await syncDirectory(root);
    await this.parts.graves.discard(rest);
  }
}

/** What the domain was before a revert has its place taken by what it was before this one. */
const currentAfter = ({ name, parent }: Snapshot): string | null => (name === BEFORE_REVERT ? parent : name);

/** Each in the place of what is there, which is kept; as often as it takes. */
async function exchangeFiles(root: string): Promise<void> {
  const revert = join(root, REVERT);
  for (const name of readdirSync(revert)) {
    if ([BEFORE, DOCUMENT, TARGET].includes(name)) continue;
    if (existsSync(join(root, name))) renameSync(join(root, name), join(revert, BEFORE, name));
    renameSync(join(revert, name), join(root, name));
  }
  // It is a snapshot by now if only the rest was not done.
  if (existsSync(join(revert, BEFORE))) await syncDirectory(join(revert, BEFORE));
  await syncDirectory(root);
}

const isPromise = (value: unknown): value is { readonly state: After } =>
  typeof value === 'object' &&
  value !== null &&
  'state' in value &&
  afters.some((state) => state === value.state);

const isTarget = (value: unknown): value is { readonly name: string | null; readonly state: After } =>
  isPromise(value) && 'name' in value && (value.name === null || typeof value.name === 'string');
