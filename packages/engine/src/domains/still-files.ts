// A domain's files as they are at one moment, for who reads them: where they lie while it is off, else a copy that goes when it was read.
// SPDX-License-Identifier: Apache-2.0
import { readdirSync } from 'node:fs';
import { commandFor, type Domain, formatDomain } from '@ctvirt/xml';
import type { OnProgress } from '../contract.js';
import { EngineError } from '../errors.js';
import { Undo } from '../host/undo.js';
import { filesystemsOf } from '../lifecycle/document.js';
import { readStored } from '../lifecycle/stored-document.js';
import type { Entry } from '../registry/registry.js';
import type { DomainRecord } from '../state/record.js';
import type { SnapshotStore } from '../state/snapshot-store.js';
import type { DomainStore } from '../state/store.js';
import { backends, type FilesystemSpec, type KeptContext } from '../storage/index.js';
import type { RootMounts } from '../storage/root-mounts.js';
import { type CopyParts, copyFiles, onLease } from './copying.js';
import type { Lifecycle } from './lifecycle.js';
import { refuseReverting } from './reverter.js';
import type { Turns } from './turns.js';

/** Dependencies of both. */
export interface StillParts extends CopyParts {
  readonly turns: Turns;
  readonly lifecycle: Pick<Lifecycle, 'hold'>;
  readonly store: Pick<DomainStore, 'rootFolder' | 'lease' | 'stage' | 'eraseStaged' | 'leaveStaged'>;
  readonly snapshots: SnapshotStore;
  readonly rootMounts: Pick<RootMounts, 'refuse'>;
  readonly stored: (entry: Entry) => Promise<{ readonly xml: string; readonly domain: Domain }>;
  readonly kept: (entry: Entry) => KeptContext;
}

/** Of when, and which of them. */
export interface FilesWanted {
  /** As this one has them; as they are now, if missing. */
  readonly snapshot?: string | undefined;
  readonly wanted: (filesystem: FilesystemSpec) => boolean;
  /** Done before they are lent or copied. */
  readonly first?: (files: DomainFiles) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
  /** Told how far it is if they have to be copied. */
  readonly onProgress?: OnProgress | undefined;
}

/** Files of a domain, and what goes with them. */
export interface DomainFiles {
  readonly entry: Entry;
  /** As it was then. */
  readonly record: DomainRecord;
  readonly xml: string;
  readonly domain: Domain;
  readonly specs: readonly FilesystemSpec[];
  readonly from: KeptContext;
  /** Whether they are a snapshot's, which nobody else opens. */
  readonly isKept: boolean;
  /** Whether nobody changes them, and they may be opened where they lie. */
  readonly isStill: boolean;
}

/** In a turn of the domain's. Throws `not-found` where it has no such snapshot. */
export async function filesOf(
  entry: Entry,
  { snapshot, wanted }: FilesWanted,
  parts: StillParts,
): Promise<DomainFiles> {
  const { store, snapshots, rootMounts, stored, kept } = parts;
  const { record } = entry;
  const root = store.rootFolder(record.name);
  if (snapshot === undefined) {
    rootMounts.refuse(record);
    refuseReverting(record.name, root);
    const { xml, domain } = await stored(entry);
    const specs = filesystemsOf(domain).filter(wanted);
    const isStill = entry.state === 'shutoff';
    return { entry, record, xml, domain, specs, from: kept(entry), isKept: false, isStill };
  }
  if (!snapshots.list(root).some(({ name }) => name === snapshot))
    throw new EngineError('not-found', `domain '${record.name}' has no snapshot '${snapshot}'`, {
      name: snapshot,
    });
  const then = readStored(await snapshots.xml(root, snapshot), record.name);
  const domain = { ...onLease(then, store.lease(record.name)), name: record.name, uuid: record.uuid };
  const keep = snapshots.path(root, snapshot);
  const there = readdirSync(keep);
  const specs = filesystemsOf(domain).filter(
    (spec) => wanted(spec) && there.some((name) => name.startsWith(`${spec.key}.`)),
  );
  const from = { ...kept(entry), keep };
  return { entry, record, xml: formatDomain(domain), domain, specs, from, isKept: true, isStill: false };
}

/**
 * Copies them to an empty folder, in a turn of the domain's; returns for how long its programs could not write, or null where none
 * could before. Throws `unsupported` where some are the host's.
 */
export async function copyOut(
  { entry, record, specs, from, isKept }: DomainFiles,
  {
    to,
    ...how
  }: { readonly to: string; readonly toRun?: boolean } & Pick<FilesWanted, 'signal' | 'onProgress'>,
  parts: StillParts,
): Promise<number | null> {
  const { name } = record;
  const foreign = specs.find(({ kind }) => backends[kind].copies === undefined);
  if (foreign !== undefined)
    throw new EngineError(
      'unsupported',
      `${foreign.source}, which domain '${name}' has at ${foreign.target}, is the host's, and changes while it runs: \`${commandFor('shutdown', [name])}\` ends it`,
      { source: foreign.source },
    );
  const runs = entry.state === 'running';
  const hold = async (work: () => Promise<void>, limitMs: number): Promise<number | null> => {
    if (!isKept) return await parts.lifecycle.hold(entry, work, limitMs);
    await work();
    return null;
  };
  const copy = () => copyFiles({ name, specs, from, to, hold, ...how }, parts);
  if (isKept) {
    await copy();
    return null;
  }
  // Of a daemon that is killed meanwhile the next one lets the writers go.
  const held = await parts.snapshots.mark(parts.store.rootFolder(name), copy);
  return runs ? held : null;
}

/** In a turn of the domain's. Lends them, or a copy of them where they are not to be opened. */
export async function withStill<T>(
  files: DomainFiles,
  how: Pick<FilesWanted, 'signal' | 'onProgress'>,
  parts: StillParts,
  use: Use<T>,
): Promise<T> {
  await using undo = new Undo();
  if (files.isStill) return await use(files, null);
  return await usedUp(await copyAside(files, { ...how, undo }, parts), parts, use);
}

/** The same, with the domain's turn as long as they are read where they lie, and else for the moment of the copy. */
export async function withStillFiles<T>(
  uuid: string,
  wanted: FilesWanted,
  parts: StillParts,
  use: Use<T>,
): Promise<T> {
  await using undo = new Undo();
  const inTurn = async (entry: Entry) => {
    const files = await filesOf(entry, wanted, parts);
    await wanted.first?.(files);
    if (files.isStill) return { done: await use(files, null) };
    return await copyAside(files, { signal: wanted.signal, onProgress: wanted.onProgress, undo }, parts);
  };
  const turn = await parts.turns.take(uuid, inTurn, { isJob: true });
  return 'done' in turn ? turn.done : await usedUp(turn, parts, use);
}

/** For how long nothing could be written while they were copied; null where nothing could, or nothing had to wait. */
type Use<T> = (files: DomainFiles, frozenMs: number | null) => Promise<T>;

interface Aside {
  readonly copied: DomainFiles;
  readonly frozenMs: number | null;
}

/** Nobody who has what was made of a copy waits for its files to be erased. */
async function usedUp<T>({ copied, frozenMs }: Aside, { store }: StillParts, use: Use<T>): Promise<T> {
  const made = await use(copied, frozenMs);
  await store.leaveStaged(copied.from.keep);
  return made;
}

async function copyAside(
  files: DomainFiles,
  { undo, ...how }: { readonly undo: Undo } & Pick<FilesWanted, 'signal' | 'onProgress'>,
  parts: StillParts,
): Promise<Aside> {
  const keep = parts.store.stage();
  undo.push(() => parts.store.eraseStaged(keep));
  const frozenMs = await copyOut(files, { to: keep, ...how }, parts);
  return { copied: { ...files, from: { ...files.from, keep } }, frozenMs };
}
