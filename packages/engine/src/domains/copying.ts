// Copies of a domain's own files: of all of them at one moment, where there is room for them, and what is said of that moment.
// SPDX-License-Identifier: Apache-2.0
import { statfsSync } from 'node:fs';
import type { Snapshot } from '@ctvirt/api';
import type { Domain } from '@ctvirt/xml';
import type { OnProgress } from '../contract.js';
import { EngineError } from '../errors.js';
import { DeepPath, tooDeep } from '../host/complaint.js';
import type { ProjectRange } from '../host/projects.js';
import type { EngineLog } from '../log.js';
import type { Entry } from '../registry/registry.js';
import { lastingPart } from '../state/folders.js';
import type { Graves } from '../state/graves.js';
import type { Layout } from '../state/layout.js';
import type { SnapshotRecord } from '../state/snapshot-store.js';
import type { Lease } from '../state/store.js';
import { flaggedBelow, flagsLost } from '../storage/file-list.js';
import {
  backends,
  type CopyContext,
  type FilesystemSpec,
  holdLimitMs,
  type KeptContext,
} from '../storage/index.js';
import { atMoment } from '../storage/moment.js';
import { type Copied, tellingRoom } from './room.js';

/** Dependencies of `copyFiles`. */
export interface CopyParts {
  readonly layout: Pick<Layout, 'mounts'>;
  readonly projectIds: ProjectRange | undefined;
  readonly log: EngineLog;
  readonly graves: Pick<Graves, 'settled'>;
}

/** What is copied, and how. */
export interface FilesToCopy {
  /** The domain's. */
  readonly name: string;
  readonly specs: readonly FilesystemSpec[];
  /** Where they lie. */
  readonly from: KeptContext;
  /** A folder, with none of them in it. */
  readonly to: string;
  /** Whether a start is going to open them there. */
  readonly toRun?: boolean;
  /** Lets nothing in the domain write while `work` lasts; returns for how long, or null where nothing could before. Fails after the limit. */
  readonly hold: (work: () => Promise<void>, limitMs: number) => Promise<number | null>;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** What is the domain's own of its file systems. */
export const ownOf = (specs: readonly FilesystemSpec[]): FilesystemSpec[] =>
  specs.filter(({ kind }) => backends[kind].copies !== undefined);

/** Returns for how long nothing could be written, in whole milliseconds; throws `no-space` with what it takes. */
export async function copyFiles(files: FilesToCopy, parts: CopyParts): Promise<number | null> {
  return await tellingRoom(copiedOf(files), async () => {
    const needed = await roomFor(files, parts);
    const hold = (work: () => Promise<void>) => files.hold(work, holdLimitMs(needed));
    const onBytes = (done: number): void =>
      files.onProgress?.({ phase: 'copy', done, total: Math.max(needed, done) });
    const held = await atMoment(parts.layout.mounts, (mounts) =>
      copyAll({ ...files, hold, onBytes }, { ...parts, mounts }),
    ).catch((error: unknown) => {
      throw error instanceof DeepPath ? tooDeep(files.name, error.path) : error;
    });
    return held === null ? null : Math.ceil(held);
  });
}

/** What all of them are, for who has no room for them. */
export const copiedOf = ({ name, specs, from }: Pick<FilesToCopy, 'name' | 'specs' | 'from'>): Copied => ({
  what: `the files of domain '${name}'`,
  bytes: () => occupiedBy(specs, from),
});

type Held = Omit<FilesToCopy, 'hold'> & Pick<CopyContext, 'hold' | 'onBytes'>;
type Moment = CopyParts & { readonly mounts: Parameters<Parameters<typeof atMoment>[1]>[0] };

/** Several are of one moment only if nothing in the domain goes on between them. */
async function copyAll(files: Held, parts: Moment): Promise<number | null> {
  const { specs, hold } = files;
  if (specs.length < 2) return await copyEach(files, parts);
  const inHold = async (work: () => Promise<void>): Promise<null> => {
    await work();
    return null;
  };
  return await hold(async () => void (await copyEach({ ...files, hold: inHold }, parts)));
}

async function copyEach(
  { specs, from, to, toRun, hold, signal, onBytes: tell }: Held,
  { mounts, projectIds }: Moment,
): Promise<number | null> {
  let longest: number | null = null;
  let [before, done] = [0, 0];
  const onBytes = (bytes: number): void => tell?.((done = before + bytes));
  const running = toRun === true ? { projectIds } : undefined;
  for (const spec of specs) {
    before = done;
    const context = { ...from, to, hold, mounts, signal, onBytes, toRun: running };
    const held = (await backends[spec.kind].copies?.copy(spec, context)) ?? null;
    if (held !== null) longest = Math.max(longest ?? 0, held);
  }
  return longest;
}

/** What is to be said of flags: copies of folders have none, and those of whole file systems have all. */
export const flagsOf = async (files: Pick<FilesToCopy, 'specs' | 'from'>): Promise<string[]> =>
  flagsLost(await flaggedIn(files));

/** How many files have some. */
export async function flaggedIn({ specs, from }: Pick<FilesToCopy, 'specs' | 'from'>): Promise<number> {
  const trees = specs.flatMap((spec) => backends[spec.kind].copies?.tree(spec, from) ?? []);
  return trees.length === 0 ? 0 : await flaggedBelow(trees);
}

/** How many bytes they take where they lie. */
export async function occupiedBy(specs: readonly FilesystemSpec[], from: KeptContext): Promise<number> {
  let bytes = 0;
  for (const spec of specs) bytes += (await backends[spec.kind].copies?.occupied(spec, from)) ?? 0;
  return bytes;
}

/**
 * Copies that share their blocks take none at first, and as much as there is as the domain changes its files: without that room they would be
 * damaged, in the way of a disk that has gone bad.
 */
async function roomFor({ name, specs, from, to }: FilesToCopy, { log, graves }: CopyParts): Promise<number> {
  const needed = await occupiedBy(specs, from);
  // The copy before this one may be on its way.
  if (freeIn(to) < needed) await graves.settled();
  const free = freeIn(to);
  if (free < needed)
    throw new EngineError(
      'no-space',
      `there is no room to copy the files of domain '${name}': they hold ${needed} bytes, and ${free} are free in ${lastingPart(to)}; blocks that both copies share need it, too, as soon as one is changed`,
      { path: lastingPart(to), needed },
    );
  if (free < 2 * needed)
    log(
      'warn',
      `domain '${name}': ${free} bytes are free where its files are copied, which hold ${needed}: the next copy may find no room`,
      { domain: name },
    );
  return needed;
}

function freeIn(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** Tells how many bytes of them have gone through somebody's hands, and of how many once these are counted: each call of what it returns is of more. */
export function tellingBytes(
  phase: string,
  { specs, from }: Pick<FilesToCopy, 'specs' | 'from'>,
  onProgress: OnProgress | undefined,
): (bytes: number) => void {
  let total: number | undefined;
  let done = 0;
  if (onProgress !== undefined)
    occupiedBy(specs, from).then(
      (bytes) => {
        total = bytes;
      },
      () => undefined, // they are read all the same
    );
  return (bytes) => {
    done += bytes;
    onProgress?.({ phase, done, ...(total !== undefined && { total: Math.max(total, done) }) });
  };
}

/** What is to be said of a domain as it is now. */
export function recordOf(
  { state }: Entry,
  all: readonly Snapshot[],
  filesystems: readonly FilesystemSpec[],
): Omit<SnapshotRecord, 'name' | 'by'> {
  return {
    description: null,
    createdAt: new Date().toISOString(),
    parent: all.find(({ isCurrent }) => isCurrent)?.name ?? null,
    state: state === 'running' || state === 'paused' ? state : 'shutoff',
    frozenMs: null,
    expiresAt: null,
    outside: filesystems.flatMap(({ kind, target, source }) =>
      backends[kind].copies === undefined ? [{ target, source }] : [],
    ),
  };
}

/** By what the templates are called now that its file systems were made from. */
export function onLease(domain: Domain, lease: Lease | undefined): Domain {
  const { filesystems } = domain.devices;
  if (lease === undefined || filesystems === undefined) return domain;
  const named = filesystems.map((one) => {
    const made = lease.made.find(({ target }) => target === (one.target?.dir ?? '/'));
    return one.type === 'template' && made !== undefined
      ? { ...one, source: { ...one.source, name: made.template } }
      : one;
  });
  return { ...domain, devices: { ...domain.devices, filesystems: named } };
}
