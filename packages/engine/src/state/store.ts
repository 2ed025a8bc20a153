// Domains on disk: each a folder with its XML and record, each with a folder for its files; both appear and vanish whole.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { EngineError } from '../errors.js';
import { fillFolder, removeTree, syncAll, writeAtomically } from '../host/files.js';
import { requireTrusted } from '../host/trusted.js';
import { type Fill, Folders, parseJson, readOr, removeIfAble } from './folders.js';
import { Graves } from './graves.js';
import type { NamedIds } from './id-ranges.js';
import { isKeptOf, isKeptRoot, nextKeptRoot } from './kept-root.js';
import { diskName, type Layout } from './layout.js';
import { forgetMoving, givenTo, readMoving } from './moving.js';
import { type DomainRecord, formatRecord, isNamedIds, isRangeOrNull, parseRecord } from './record.js';
import { passSnapshots, snapshotFolders } from './snapshot-store.js';

/** What stands beside a domain's files: whose they are, made from what, and whether they outlive the definition. */
export interface Lease {
  readonly name: string;
  readonly uuid: string;
  readonly ids: { readonly start: number; readonly count: number } | null;
  /** The file systems made for the domain. */
  readonly made: readonly Made[];
  readonly kept: boolean;
  /** Since when, of files that are kept; missing in leases of earlier versions. */
  readonly keptAt?: string;
  /** Of files that are kept: ids of the host that the domain's `<idmap>` named. */
  readonly mapped?: NamedIds;
  /** Of files that take the place of others of the same domain: where those are from then on, until their snapshots have come along. */
  readonly snapshotsAt?: string;
}

/** The files of a domain that is gone, by the folder they are in. */
export interface KeptRoot {
  readonly root: string;
  readonly lease: Lease;
}

/** A file system made for a domain; what of it cannot change afterwards. */
export interface Made {
  readonly target: string;
  readonly template: string;
  readonly limited: boolean;
  readonly inodes: number | null;
  /** How it is kept, by the name that storage has for it; leases of earlier versions do not say. */
  readonly layer?: string;
  /** Whose ids its files have on disk: the container's own, or, where nothing is said, those that the domain has on the host. */
  readonly ids?: 'container';
}

/** Whether files carry ids of the host's. Those that do not can be had with any. */
export const hasHostIds = ({ made }: Pick<Lease, 'made'>): boolean =>
  made.some(({ ids }) => ids === undefined);

/** The documents of a domain: the XML, which is the truth, and native files made from it, by name. */
export interface Documents {
  readonly xml: string;
  readonly native: Readonly<Record<string, string>>;
}

/** What one side of a move knows of it. */
export interface ArrivalState {
  readonly job: string;
  /** Whether it is to run. */
  readonly start: boolean;
  /** Whether that was seen to. */
  readonly settled: boolean;
}

/** A domain that comes from another host, with its files. */
export interface Arrival {
  readonly state: ArrivalState;
  readonly record: DomainRecord;
  readonly documents: Documents;
}

// Whole, and not decided yet whose they are; in such a folder, and in that of a domain as long as the other host may ask, what is known of it.
const COMING = '.coming-';
const INCOMING = 'incoming';
const ARRIVAL = 'incoming.json';

/** Reads and writes the folders of domains. */
export class DomainStore {
  readonly #domains: Folders;
  readonly #roots: Folders;

  constructor(
    private readonly layout: Layout,
    graves: Graves = new Graves(layout.roots),
  ) {
    this.#domains = new Folders(layout.domains, graves.of(layout.domains));
    this.#roots = new Folders(layout.roots, graves);
  }

  folder(name: string): string {
    return this.#domains.path(name);
  }
  rootFolder(name: string): string {
    return this.#roots.path(name);
  }

  /** Removes what an interrupted operation left half-made or half-removed; returns what that was. */
  async recover(): Promise<string[]> {
    const removed = [...(await this.#domains.recover()), ...(await this.#roots.recover())];
    // On a full disk the next daemon does what is left of it.
    for (const name of this.#domains.onDisk()) await this.#finishRename(name).catch(() => undefined);
    // What a domain is still to have of a kept root it gets before that is called otherwise.
    const entries = readdirSync(this.layout.roots).sort(
      (a, b) => Number(isKeptRoot(a)) - Number(isKeptRoot(b)),
    );
    for (const entry of entries) {
      if (entry.startsWith(COMING)) {
        await this.#finishArrival(entry);
        continue;
      }
      // Files whose lease cannot be read stay: load tells of them, and somebody may want them.
      const lease = readOr([], join(this.layout.roots, entry, 'lease.json'), parseLease);
      if (lease === undefined) continue;
      if (isKeptRoot(entry) || !existsSync(join(this.layout.domains, entry))) {
        if (lease.kept) {
          if (!isKeptOf(entry, lease.name)) await this.#roots.move(entry, this.#nextKept(lease.name));
          continue;
        }
        const path = join(this.layout.roots, entry);
        if (await removeIfAble(path)) removed.push(path);
      } else if (lease.kept && givenTo(join(this.layout.roots, entry)) === undefined)
        await this.#takeOver(entry, lease);
    }
    return removed;
  }

  /** Its definition is there: what is missing is that its files are at their place. */
  async #finishArrival(entry: string): Promise<void> {
    const record = readOr([], join(this.layout.roots, entry, INCOMING, 'record.json'), parseRecord);
    if (record === undefined || existsSync(this.rootFolder(record.name))) return;
    const there = readOr([], join(this.folder(record.name), 'record.json'), parseRecord);
    if (there?.uuid === record.uuid) await this.#roots.move(entry, diskName(record.name));
  }

  /** An empty folder for the files of a domain that is on its way; the next daemon removes it. */
  stage(): string {
    return this.#roots.stage();
  }

  /** From here on they are kept until it is decided whose they are. */
  async keepStaged(staged: string, lease: Lease, arrival: Arrival): Promise<string> {
    await writeAtomically(join(staged, 'lease.json'), formatLease(lease));
    await mkdir(join(staged, INCOMING), { mode: 0o700 });
    await fillFolder(join(staged, INCOMING), {
      [ARRIVAL]: `${JSON.stringify(arrival.state)}\n`,
      'lease.json': formatLease(lease),
      'record.json': formatRecord(arrival.record),
      'domain.xml': arrival.documents.xml,
      'native.json': JSON.stringify(arrival.documents.native),
    });
    await syncAll(staged);
    const folder = `${COMING}${lease.uuid}`;
    await this.#roots.move(basename(staged), folder);
    return join(this.layout.roots, folder);
  }

  /** Those that an earlier daemon kept so; what cannot be read of one is among `damaged`, and that one is left as it is. */
  arrivals(damaged: EngineError[]): { readonly folder: string; readonly arrival: Arrival }[] {
    return readdirSync(this.layout.roots)
      .filter((entry) => entry.startsWith(COMING))
      .flatMap((entry) => {
        const folder = join(this.layout.roots, entry);
        const path = (file: string): string => join(folder, INCOMING, file);
        const state = readOr(damaged, path(ARRIVAL), parseArrival);
        const record = readOr(damaged, path('record.json'), parseRecord);
        const xml = readOr(damaged, path('domain.xml'), (text) => text);
        const native = readOr(damaged, path('native.json'), parseNative);
        if (state === undefined || record === undefined || xml === undefined || native === undefined)
          return [];
        return [{ folder, arrival: { state, record, documents: { xml, native } } }];
      });
  }

  /** What is said of the arrival of a domain that is here; undefined if its end was told, or where it cannot be read. */
  arrivalOf(name: string, damaged: EngineError[] = []): ArrivalState | undefined {
    const path = join(this.rootFolder(name), INCOMING, ARRIVAL);
    return existsSync(path) ? readOr(damaged, path, parseArrival) : undefined;
  }

  async writeArrival(name: string, state: ArrivalState): Promise<void> {
    await writeAtomically(join(this.rootFolder(name), INCOMING, ARRIVAL), `${JSON.stringify(state)}\n`);
  }

  async forgetArrival(name: string): Promise<void> {
    await removeTree(join(this.rootFolder(name), INCOMING));
  }

  /** The moment it is this host's is that of its definition; its files follow, with the next daemon if need be. */
  async createArrived(folder: string, { record, documents }: Arrival): Promise<void> {
    await this.create(record, documents);
    await this.#roots.move(basename(folder), diskName(record.name));
  }

  /** Erases the files of one that does not come. */
  async eraseStaged(folder: string): Promise<void> {
    await this.#roots.discard(basename(folder));
  }

  /** The same of files that are done with: who has used them does not wait for that. */
  async leaveStaged(folder: string): Promise<void> {
    await this.#roots.discard(basename(folder), 0);
  }

  /** A definition that took kept files over and was interrupted then: erasing it would leave them. Whose the files are, has their ids. */
  async #takeOver(entry: string, lease: Lease): Promise<void> {
    const record = readOr([], join(this.layout.domains, entry, 'record.json'), parseRecord);
    if (record === undefined) return;
    try {
      const next = hasHostIds(lease) ? { ...record, ids: lease.ids } : record;
      if (!isDeepStrictEqual(record.ids, next.ids)) await this.writeRecord(next);
      if (lease.snapshotsAt !== undefined)
        await passSnapshots(this.keptFolder(lease.snapshotsAt), this.keptFolder(entry));
      await this.ownRoot(next, lease);
    } catch {
      // On a full disk the next daemon does.
    }
  }

  /** What follows the moment at which a domain has its new name, as often as it takes. */
  async #finishRename(entry: string): Promise<void> {
    const record = readOr([], join(this.layout.domains, entry, 'record.json'), parseRecord);
    const { renamedFrom } = record ?? {};
    if (record === undefined || renamedFrom === undefined) return;
    const left = readOr([], join(this.folder(renamedFrom), 'record.json'), parseRecord);
    if (left?.uuid === record.uuid) await this.#domains.remove(renamedFrom);
    const old = readOr([], join(this.rootFolder(renamedFrom), 'lease.json'), parseLease);
    if (old?.uuid === record.uuid && !existsSync(this.rootFolder(record.name)))
      await this.#roots.move(diskName(renamedFrom), diskName(record.name));
    const lease = readOr([], join(this.rootFolder(record.name), 'lease.json'), parseLease);
    if (lease !== undefined) await this.writeLease({ ...lease, name: record.name });
    const { renamedFrom: _renamedFrom, ...finished } = record;
    await this.writeRecord(finished);
  }

  /**
   * Gives a domain that is off another name: `record` has it, and the documents say it. The moment it is renamed is the one at which
   * the new folder is there; what follows is done by the next daemon, too, and answered as an error if it fails.
   */
  async rename(old: string, record: DomainRecord, documents: Documents): Promise<unknown> {
    await this.#domains.make(record.name, filledWith({ ...record, renamedFrom: old }, documents));
    return await this.#finishRename(diskName(record.name)).catch((error: unknown) => error);
  }

  /**
   * All records, and the leases of files whose domain has a damaged record: their ids are its own. What is damaged is answered as its
   * error, so that one bad file does not hide the others.
   */
  load(): { records: DomainRecord[]; leases: Lease[]; damaged: EngineError[] } {
    const records: DomainRecord[] = [];
    const damaged: EngineError[] = [];
    const known = new Set<string>();
    for (const entry of this.#domains.onDisk()) {
      const record = readOr(damaged, join(this.layout.domains, entry, 'record.json'), parseRecord);
      if (record === undefined) continue;
      records.push(record);
      known.add(entry);
    }
    const unknown = this.#leases((entry) => !isKeptRoot(entry) && !known.has(entry), damaged);
    return { records, leases: unknown.map(({ lease }) => lease), damaged };
  }

  /** Files that outlived their domain; those whose lease is damaged are among `damaged`. */
  keptRoots(damaged: EngineError[] = []): KeptRoot[] {
    return this.#leases(isKeptRoot, damaged);
  }

  /** All of them, of domains and of files that are kept. */
  leases(): KeptRoot[] {
    return this.#leases(() => true, []);
  }

  /** Lets the lease of files call the template otherwise that they stand on; files that are elsewhere meanwhile are left. */
  async nameTemplate(root: string, from: string, to: string): Promise<void> {
    const path = join(this.layout.roots, root, 'lease.json');
    const lease = readOr([], path, parseLease);
    if (lease === undefined) return;
    const made = lease.made.map((one) => (one.template === from ? { ...one, template: to } : one));
    await writeAtomically(path, formatLease({ ...lease, made }));
  }

  #leases(isWanted: (entry: string) => boolean, damaged: EngineError[]): KeptRoot[] {
    return this.#roots
      .onDisk()
      .filter(isWanted)
      .flatMap((root) => {
        const lease = readOr(damaged, join(this.layout.roots, root, 'lease.json'), parseLease);
        return lease === undefined ? [] : [{ root, lease }];
      });
  }

  /** Throws `not-found` where there is no such root. */
  keptRoot(root: string): KeptRoot {
    const path = join(this.layout.roots, root, 'lease.json');
    if (isKeptRoot(root) && existsSync(path))
      return { root, lease: parseLease(readFileSync(path, 'utf8'), path) };
    throw new EngineError(
      'not-found',
      `no root is kept as '${root}': \`ctvirt root list\` shows those that are`,
      {
        ref: root,
      },
    );
  }

  #nextKept(name: string): string {
    return nextKeptRoot(this.#roots.onDisk(), name);
  }

  /** The files of a domain outlive it from here on, if its definition goes; returns whether it has any. */
  async keepRoot(name: string, mapped: NamedIds | undefined): Promise<boolean> {
    const lease = this.lease(name);
    if (lease === undefined) return false;
    const keptAt = new Date().toISOString();
    const carried = hasHostIds(lease) && mapped !== undefined && { mapped };
    await this.writeLease({ ...lease, kept: true, keptAt, ...carried });
    return true;
  }

  /** Puts such files out of the way of the next domain of this name. */
  async putAside(name: string): Promise<KeptRoot> {
    const root = this.#nextKept(name);
    await this.#roots.move(diskName(name), root);
    return this.keptRoot(root);
  }

  /** Puts kept files where those of a domain of this name are; they stay kept until its lease says that they are not. */
  async takeRoot({ root, lease }: KeptRoot, name: string): Promise<void> {
    await this.#forgetMoves(root);
    await this.#roots.move(root, diskName(name));
    await this.writeLease({ ...lease, name });
  }

  /** Those of a domain that went to another host are this host's again. */
  async #forgetMoves(root: string): Promise<void> {
    const folder = join(this.layout.roots, root);
    if (readMoving(folder) !== undefined) await forgetMoving(folder);
    if (existsSync(join(folder, INCOMING))) await removeTree(join(folder, INCOMING));
  }

  /** Puts them back. */
  async returnRoot({ root, lease }: KeptRoot, name: string): Promise<void> {
    await writeAtomically(join(this.rootFolder(name), 'lease.json'), formatLease(lease));
    await this.#roots.move(diskName(name), root);
  }

  /** The files that lie there are this domain's. */
  async ownRoot(
    { name, uuid, ids }: Pick<DomainRecord, 'name' | 'uuid' | 'ids'>,
    lease: Lease,
  ): Promise<void> {
    const { keptAt: _keptAt, mapped: _mapped, snapshotsAt: _snapshotsAt, ...rest } = lease;
    await this.writeLease({ ...rest, name, uuid, ids, kept: false });
  }

  /**
   * Lets kept files and those of a domain, which are kept from now on, change places; returns what the latter are kept as. Where both are
   * the domain's, its snapshots are its history and stay with it.
   */
  async swapRoots(root: string, name: string): Promise<KeptRoot> {
    await this.#forgetMoves(root);
    const { lease } = this.keptRoot(root);
    const { snapshotsAt: _snapshotsAt, ...rest } = lease;
    const follow =
      snapshotFolders(this.keptFolder(root)).length === 0 && fitSnapshots(lease, this.lease(name));
    const next: Lease = { ...rest, ...(follow && { snapshotsAt: root }) };
    await writeAtomically(join(this.keptFolder(root), 'lease.json'), formatLease(next));
    await this.#roots.swap(root, diskName(name));
    if (follow) await passSnapshots(this.keptFolder(root), this.rootFolder(name));
    const kept = this.#nextKept(name);
    await this.#roots.move(root, kept);
    return this.keptRoot(kept);
  }

  keptFolder(root: string): string {
    return join(this.layout.roots, root);
  }

  /** Erases kept files. */
  async eraseKept(root: string): Promise<void> {
    await this.#roots.erase(root);
  }

  lease(name: string): Lease | undefined {
    const path = join(this.rootFolder(name), 'lease.json');
    return existsSync(path) ? parseLease(readFileSync(path, 'utf8'), path) : undefined;
  }

  /**
   * How a domain's file systems are kept, by what its lease says of each. Without a lease, or with a damaged one, nothing is said:
   * what lies there tells, too, and a start does not fail for it.
   */
  layersOf(name: string): (target: string) => Pick<Made, 'layer' | 'ids'> | undefined {
    const lease = readOr([], join(this.rootFolder(name), 'lease.json'), parseLease);
    return (target) => lease?.made.find((made) => made.target === target);
  }

  /** Lets `name` say of leases of earlier versions how their layers are kept. */
  async nameLayers(name: (folder: string, target: string) => string): Promise<void> {
    for (const entry of this.#roots.onDisk()) {
      const folder = join(this.layout.roots, entry);
      const lease = readOr([], join(folder, 'lease.json'), parseLease);
      if (lease === undefined || lease.made.every(({ layer }) => layer !== undefined)) continue;
      const made = lease.made.map((one) => ({ ...one, layer: one.layer ?? name(folder, one.target) }));
      await this.writeLease({ ...lease, made });
    }
  }

  /** Makes the folder of a domain's files: `fill` gets an empty one, which takes its place when it is complete. */
  async makeRoot(lease: Lease, fill: Fill): Promise<void> {
    await this.#roots.make(lease.name, async (folder) => {
      await fill(folder);
      await writeAtomically(join(folder, 'lease.json'), formatLease(lease));
    });
  }

  /** Makes files that are kept from the moment they are complete, under the name that is answered. */
  async makeKept(lease: Lease, fill: Fill): Promise<KeptRoot> {
    const root = this.#nextKept(lease.name);
    await this.#roots.makeAs(root, async (folder) => {
      await fill(folder);
      await writeAtomically(join(folder, 'lease.json'), formatLease(lease));
    });
    return this.keptRoot(root);
  }

  /** A folder for the moment on the file system of the roots. */
  async scratch<T>(use: (folder: string) => Promise<T>): Promise<T> {
    return await this.#roots.scratch(use);
  }

  async writeLease(lease: Lease): Promise<void> {
    await writeAtomically(join(this.rootFolder(lease.name), 'lease.json'), formatLease(lease));
  }

  /** The moment a new domain exists: its folder appears whole. */
  async create(record: DomainRecord, documents: Documents): Promise<void> {
    await this.#domains.make(record.name, filledWith(record, documents));
  }

  /** Replaces a domain's documents and record at one moment. */
  async update(record: DomainRecord, documents: Documents): Promise<void> {
    await this.#domains.replace(record.name, filledWith(record, documents));
  }

  /** `durable: false` for what the next start would find out again. */
  async writeRecord(record: DomainRecord, options: { durable?: boolean } = {}): Promise<void> {
    await writeAtomically(join(this.folder(record.name), 'record.json'), formatRecord(record), options);
  }

  async readXml(name: string): Promise<string> {
    return await readFile(join(this.folder(name), 'domain.xml'), 'utf8');
  }

  /** A native file beside the XML, if there is one. */
  readNative(name: string, file: string): string | undefined {
    const path = join(this.folder(name), file);
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  }

  async remove(name: string): Promise<void> {
    await this.#domains.remove(name);
  }

  async removeRoot(name: string): Promise<void> {
    await this.#roots.removeIfThere(name);
  }
}

const filledWith =
  (record: DomainRecord, { native, xml }: Documents): Fill =>
  (folder) =>
    fillFolder(folder, { ...native, 'domain.xml': xml, 'record.json': formatRecord(record) });

/** Whether what was made of the one files can be had with the others: they are the same domain's, made alike, with the same ids on disk. */
const fitSnapshots = (one: Lease, other: Lease | undefined): boolean =>
  one.uuid === other?.uuid &&
  isDeepStrictEqual(one.made, other.made) &&
  (!hasHostIds(one) || isDeepStrictEqual(one.ids, other.ids));

/** Files that are kept hold ids of the host only where they carry some. */
function formatLease(lease: Lease): string {
  const ids = lease.kept && !hasHostIds(lease) ? null : lease.ids;
  return `${JSON.stringify({ ...lease, ids })}\n`;
}

const parseArrival = (text: string, path: string): ArrivalState =>
  parseJson(text, path, isArrivalState, 'the arrival of a domain');

function isArrivalState(value: unknown): value is ArrivalState {
  if (typeof value !== 'object' || value === null) return false;
  const { job, start, settled }: Partial<Record<keyof ArrivalState, unknown>> = value;
  return typeof job === 'string' && typeof start === 'boolean' && typeof settled === 'boolean';
}

const parseNative = (text: string, path: string): Documents['native'] =>
  parseJson(text, path, areTexts, 'native files');

const areTexts = (value: unknown): value is Documents['native'] =>
  typeof value === 'object' &&
  value !== null &&
  Object.values(value).every((text) => typeof text === 'string');

const parseLease = (text: string, path: string): Lease => parseJson(text, path, isLease, 'a lease');

function isLease(value: unknown): value is Lease {
  if (typeof value !== 'object' || value === null) return false;
  const { name, uuid, ids, made, kept, keptAt, mapped } = value as Partial<Record<keyof Lease, unknown>>;
  return (
    typeof name === 'string' &&
    typeof uuid === 'string' &&
    isRangeOrNull(ids) &&
    Array.isArray(made) &&
    made.every(isMade) &&
    typeof kept === 'boolean' &&
    (keptAt === undefined || typeof keptAt === 'string') &&
    (mapped === undefined || isNamedIds(mapped))
  );
}

function isMade(value: unknown): value is Made {
  if (typeof value !== 'object' || value === null) return false;
  const { target, template, limited, inodes, layer, ids } = value as Partial<Record<keyof Made, unknown>>;
  const inodesFit = inodes === null || typeof inodes === 'number';
  const layerFits = layer === undefined || typeof layer === 'string';
  const areWords = typeof target === 'string' && typeof template === 'string';
  const idsFit = ids === undefined || ids === 'container';
  return areWords && typeof limited === 'boolean' && inodesFit && layerFits && idsFit;
}

/**
 * Makes all folders, private but for the way to the mounts: a container's root user must be able to pass there. Asks before and
 * after whether they are root's alone, because whoever can write there decides what the daemon does.
 */
export async function prepareFolders(layout: Layout): Promise<void> {
  const open = [layout.run, layout.mounts, layout.lxc, layout.networkRuntime];
  const closed = [
    layout.etc,
    layout.profiles,
    layout.hooks,
    layout.lib,
    layout.domains,
    layout.networks,
    layout.filters,
    layout.roots,
    layout.templates,
    layout.backups,
    layout.traffic,
    layout.history,
    layout.lives,
    layout.consoles,
    layout.runtime,
    layout.rootMounts,
    layout.endedLinks,
    layout.lentLinks,
  ];
  const check = (): void => {
    for (const path of [...open, ...closed]) requireTrusted(path, 'choose another --root');
  };
  check();
  // Whatever the umask; folders that were there already are their owner's to open.
  if (layout.root !== undefined) await makeFolder(layout.root, 0o711);
  for (const path of open) {
    await makeFolder(path, 0o711);
    await chmod(path, 0o711);
  }
  for (const path of closed) await makeFolder(path, 0o700);
  check();
  for (let path = layout.run; path !== '/'; path = dirname(path)) {
    if (((await stat(path)).mode & 0o001) === 0)
      throw new EngineError(
        'invalid',
        `${path} is closed to others, and a container's root user must pass through it: chmod o+x ${path}, or choose another --root`,
        { path },
      );
  }
}

/** With the folders above it that are missing, all of that mode. */
async function makeFolder(path: string, mode: number): Promise<void> {
  const made = await mkdir(path, { recursive: true, mode });
  if (made === undefined) return;
  for (let at = path; at.startsWith(made); at = dirname(at)) await chmod(at, mode);
}
