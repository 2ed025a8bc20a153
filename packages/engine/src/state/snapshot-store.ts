// Snapshots on disk: each a folder in the domain's root folder, with its description, its document and its layers; all appear and vanish whole.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, renameSync, statSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Snapshot } from '@ctvirt/api';
import type { EngineError } from '../errors.js';
import { fillFolder, syncDirectory, writeAtomically } from '../host/files.js';
import { volumeFolders } from '../host/volumes.js';
import { Folders, parseJson, readOr } from './folders.js';
import type { Graves } from './graves.js';

/** What is stored of one; what it is among the others follows from all of them. */
export type SnapshotRecord = Omit<Snapshot, 'isCurrent' | 'children'>;

/** One as it is stored: by its turn, one that is made is current without another word, and so without another wait for the disk. */
interface Stored extends SnapshotRecord {
  /** Higher than that of all there were; 0 in one that never was current by being made. */
  readonly turn: number;
}

/** Which one was made current otherwise, and how high the turns were then: a higher one is current. */
interface Current {
  readonly current: string | null;
  readonly turn: number;
}

/** Those of one root, and which of them is current. */
interface Known {
  /** Of their folder and of the root, which may both be another one's by now. */
  readonly inos: string;
  readonly list: readonly Snapshot[];
  readonly highest: number;
  readonly turns: ReadonlyMap<string, number>;
}

/** What the domain was before it was reverted. */
export const BEFORE_REVERT = 'before-revert';

const FOLDER = volumeFolders.snapshots;
const CURRENT = 'snapshots.json';
const RECORD = 'snapshot.json';
const DOCUMENT = 'domain.xml';

/** Beside the layers of a snapshot. */
export const isLayerOf = (entry: string): boolean => entry !== RECORD && entry !== DOCUMENT;

/** Where the snapshots of a root lie. */
export const snapshotFolders = (root: string): string[] =>
  existsSync(join(root, FOLDER))
    ? new Folders(join(root, FOLDER)).onDisk().map((one) => join(root, FOLDER, one))
    : [];

/** All of them go along to another root, at one moment; which of them was current stays said of the files that came of it. */
export async function passSnapshots(from: string, to: string): Promise<void> {
  if (!existsSync(join(from, FOLDER))) return;
  const unread = (): void => undefined; // whoever lists them says so
  const { list, highest: turn } = readSnapshots(from, unread);
  await writeCurrent(from, { current: list.find(({ isCurrent }) => isCurrent)?.name ?? null, turn });
  await writeCurrent(to, { current: saidOf(to, []).current, turn });
  renameSync(join(from, FOLDER), join(to, FOLDER));
  await syncDirectory(from);
  await syncDirectory(to);
}

/** Reads and writes those of all roots; each is read once as long as it stays where it is. */
export class SnapshotStore {
  readonly #known = new Map<string, Known>();

  constructor(
    private readonly remark: (message: string) => void,
    private readonly graves: Graves,
  ) {}

  /** The oldest first. */
  list(root: string): readonly Snapshot[] {
    return this.#knownOf(root)?.list ?? [];
  }

  /** Where one lies. */
  path(root: string, name: string): string {
    return this.#folders(root).path(name);
  }

  /** What is stored of one, for `parseSnapshot` of another host. */
  async text(root: string, name: string): Promise<string> {
    return await readFile(join(this.path(root, name), RECORD), 'utf8');
  }

  async xml(root: string, name: string): Promise<string> {
    return await readFile(join(this.path(root, name), DOCUMENT), 'utf8');
  }

  /** Makes one, which is current from then on: `fill` writes its layers, and returns what is to be told of them. */
  async make(
    root: string,
    { name, xml }: { readonly name: string; readonly xml: string },
    fill: (folder: string) => Promise<SnapshotRecord>,
  ): Promise<void> {
    await this.prepare(root);
    const turn = this.#highest(root) + 1;
    await this.#folders(root).make(name, async (folder) => {
      await writeSnapshot(folder, await fill(folder), xml, turn);
    });
    this.#forget(root);
  }

  /** Puts one that is whole in the place of what is there by that name. */
  async put(root: string, name: string, from: string, release: (folder: string) => void): Promise<void> {
    await this.prepare(root);
    if (existsSync(this.path(root, name)))
      await this.remove(root, name, release).catch((error: unknown) => {
        if (existsSync(this.path(root, name))) throw error;
        this.remark(`snapshot '${name}' in ${root} was replaced: ${String(error)}`);
      });
    renameSync(from, this.path(root, name));
    await syncDirectory(join(root, FOLDER));
    this.#forget(root);
  }

  /** The domain's files are copied elsewhere while `work` lasts: of a daemon that is killed then the next one finds it unfinished. */
  async mark<T>(root: string, work: () => Promise<T>): Promise<T> {
    await this.prepare(root);
    return await this.#folders(root).scratch(work);
  }

  /** Makes the folder that they lie in. */
  async prepare(root: string): Promise<void> {
    if (!existsSync(join(root, FOLDER))) await mkdir(join(root, FOLDER), { mode: 0o700 });
  }

  async setCurrent(root: string, current: string | null): Promise<void> {
    await writeCurrent(root, { current, turn: this.#highest(root) });
    this.#forget(root);
  }

  async change(root: string, name: string, edit: (record: SnapshotRecord) => SnapshotRecord): Promise<void> {
    const known = this.#knownOf(root);
    const found = known?.list.find((one) => one.name === name);
    if (found === undefined) return;
    const { isCurrent: _isCurrent, children: _children, ...record } = found;
    const turn = known?.turns.get(name) ?? 0;
    await writeAtomically(join(this.path(root, name), RECORD), formatRecord({ ...edit(record), turn }));
    this.#forget(root);
  }

  /** Its children become those of its parent, and if it was current its parent is. */
  async remove(root: string, name: string, release: (folder: string) => void): Promise<void> {
    const all = this.list(root);
    const found = all.find((one) => one.name === name);
    const parent = found?.parent ?? null;
    if (found?.isCurrent === true) await this.setCurrent(root, parent);
    for (const child of all)
      if (child.parent === name) await this.change(root, child.name, (record) => ({ ...record, parent }));
    release(this.path(root, name));
    // It may be gone though not all of it is erased.
    await this.#folders(root)
      .remove(name)
      .finally(() => this.#forget(root));
  }

  /** Whether one is being made or removed, or a killed daemon was at it. */
  isUnfinished(root: string): boolean {
    return (
      existsSync(join(root, FOLDER)) && readdirSync(join(root, FOLDER)).some((name) => name.startsWith('.'))
    );
  }

  /** Removes what an interrupted operation left half-made; returns what that was. */
  async recover(root: string): Promise<string[]> {
    const removed = existsSync(join(root, FOLDER)) ? await this.#folders(root).recover() : [];
    this.#forget(root);
    return removed;
  }

  #folders(root: string): Folders {
    return new Folders(join(root, FOLDER), this.graves);
  }

  #forget(root: string): void {
    this.#known.delete(root);
  }

  #highest(root: string): number {
    return this.#knownOf(root)?.highest ?? 0;
  }

  #knownOf(root: string): Known | undefined {
    const ino = statSync(join(root, FOLDER), { throwIfNoEntry: false })?.ino;
    if (ino === undefined) return undefined;
    const inos = `${statSync(root).ino} ${ino}`;
    const was = this.#known.get(root);
    if (was?.inos === inos) return was;
    const known = { inos, ...readSnapshots(root, this.remark) };
    this.#known.set(root, known);
    return known;
  }
}

/** What lies there; what cannot be read is remarked. */
function readSnapshots(root: string, remark: (message: string) => void): Omit<Known, 'inos'> {
  const damaged: EngineError[] = [];
  const records = new Folders(join(root, FOLDER))
    .onDisk()
    .flatMap((entry) => {
      const record = readOr(damaged, join(root, FOLDER, entry, RECORD), parseStored);
      return record === undefined ? [] : [record];
    })
    .sort((a, b) => a.createdAt.localeCompare(b.createdAt) || a.name.localeCompare(b.name));
  const said = saidOf(root, damaged);
  for (const { message } of damaged) remark(message);
  const names = new Set(records.map(({ name }) => name));
  const children = new Map<string | null, number>();
  for (const { parent } of records) children.set(parent, (children.get(parent) ?? 0) + 1);
  const { name: current, turn: highest } = records.reduce<{ name: string | null; turn: number }>(
    (last, one) => (one.turn > last.turn ? one : last),
    { name: said.current, turn: said.turn },
  );
  const list = records.map(({ turn: _turn, ...record }) => ({
    ...record,
    parent: record.parent !== null && names.has(record.parent) ? record.parent : null,
    isCurrent: record.name === current,
    children: children.get(record.name) ?? 0,
  }));
  return { list, highest, turns: new Map(records.map(({ name, turn }) => [name, turn])) };
}

function saidOf(root: string, damaged: EngineError[]): Current {
  const path = join(root, CURRENT);
  const said = existsSync(path) ? readOr(damaged, path, parseCurrent) : undefined;
  return said ?? { current: null, turn: 0 };
}

const writeCurrent = (root: string, current: Current): Promise<void> =>
  writeAtomically(join(root, CURRENT), `${JSON.stringify({ version: 1, ...current })}\n`);

/** Writes the two files beside the layers of a snapshot. */
export async function writeSnapshot(
  folder: string,
  record: SnapshotRecord,
  xml: string,
  turn = 0,
): Promise<void> {
  await fillFolder(folder, { [DOCUMENT]: xml, [RECORD]: formatRecord({ ...record, turn }) });
}

const formatRecord = (record: Stored): string => `${JSON.stringify({ version: 1, ...record })}\n`;

/** Throws `internal` for what is none; `path` is where it stands, for people. */
export function parseSnapshot(text: string, path: string): SnapshotRecord {
  const { turn: _turn, ...record } = parseStored(text, path);
  return record;
}

function parseStored(text: string, path: string): Stored {
  const { version: _version, ...record } = parseJson(text, path, isStored, 'a snapshot');
  return { ...record, turn: turnOf(record) };
}

function parseCurrent(text: string, path: string): Current {
  const stored = parseJson(text, path, isCurrentFile, 'a list of snapshots');
  return { current: stored.current, turn: turnOf(stored) };
}

/** An earlier version wrote none. */
const turnOf = (stored: { readonly turn?: unknown }): number =>
  typeof stored.turn === 'number' && Number.isSafeInteger(stored.turn) && stored.turn >= 0 ? stored.turn : 0;

/** Read as little as an earlier version may have written, and what a later one may add. */
function isStored(value: unknown): value is SnapshotRecord & { readonly version: number; turn?: unknown } {
  if (typeof value !== 'object' || value === null) return false;
  const fields: Partial<Record<keyof SnapshotRecord, unknown>> = { ...value };
  const isText = (field: unknown): boolean => typeof field === 'string';
  const isTextOrNull = (field: unknown): boolean => field === null || isText(field);
  return (
    [fields.name, fields.createdAt, fields.state, fields.by].every(isText) &&
    [fields.description, fields.parent, fields.expiresAt].every(isTextOrNull) &&
    (fields.frozenMs === null || typeof fields.frozenMs === 'number') &&
    Array.isArray(fields.outside)
  );
}

function isCurrentFile(value: unknown): value is { readonly current: string | null; turn?: unknown } {
  if (typeof value !== 'object' || value === null || !('current' in value)) return false;
  return value.current === null || typeof value.current === 'string';
}
