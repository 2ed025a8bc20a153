// What the kernel told of a domain's files when they were last backed up, and what it tells that has changed since: of files that are
// copied before they are read, a repository knows no more than their lengths and the times that whoever changes them gives them.
// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { writeAtomically } from '../host/files.js';
import { type FileList, type FileState, filesIn, wordsOf } from '../storage/file-list.js';

/** What a container wrote in one of its file systems. */
export interface KnownLayer {
  /** Which folder that is, and which template lies below: of another one nothing is known. */
  readonly made: string;
  readonly files: FileList;
}

/** By their keys. */
export type KnownLayers = ReadonlyMap<string, KnownLayer>;

/** Of a backup, by its id. */
export interface KnownFiles {
  readonly id: string;
  readonly layers: KnownLayers;
}

/** What has changed. */
export interface Verdict {
  /** How many files are new, or may be others than they were. */
  readonly changed: number;
  /** Those of them whose length and time are as they were. */
  readonly doubtful: readonly { readonly key: string; readonly path: string }[];
}

/** A file of a template. */
export type TemplateFile = (
  key: string,
  path: string,
) => { readonly size: bigint; readonly mtimeMs: bigint } | undefined;

/** Undefined where nothing can be told. */
export function changesSince(
  before: KnownLayers,
  now: KnownLayers,
  templateFile: TemplateFile,
): Verdict | undefined {
  if (before.size !== now.size) return undefined;
  const doubtful: { key: string; path: string }[] = [];
  let changed = 0;
  for (const [key, { made, files }] of now) {
    const known = before.get(key);
    if (known?.made !== made) return undefined;
    for (const [path, is] of files) {
      const was = known.files.get(path);
      if (was !== undefined && isSure(was, is)) continue;
      changed++;
      // What is not in the layer of then was not there, or was the template's.
      const below = was === undefined ? templateFile(key, path) : undefined;
      if (was === undefined ? below !== undefined && isLike(is, below) : isAlike(was, is))
        doubtful.push({ key, path });
    }
  }
  return { changed, doubtful };
}

const isAlike = (one: FileState, other: FileState): boolean =>
  one.size === other.size && one.modified === other.modified;

const isSure = (was: FileState, is: FileState): boolean =>
  isAlike(was, is) && is.changed !== '' && was.changed === is.changed && was.inode === is.inode;

const MS = 1000;
/** Between times that are rounded in different ways. */
const NEAR_MS = 2;

const isLike = ({ size, modified }: FileState, below: { size: bigint; mtimeMs: bigint }): boolean =>
  BigInt(size) === below.size && Math.abs(Number(modified) * MS - Number(below.mtimeMs)) <= NEAR_MS;

/** What was read of them, where a copy was: files that changed between the look and the copy are none that anything is known of. */
export function asCopied(looked: FileList, copy: FileList): Map<string, FileState> {
  const files = new Map<string, FileState>();
  for (const [path, is] of copy) {
    const seen = looked.get(path);
    files.set(path, seen !== undefined && isAlike(seen, is) ? seen : { ...is, changed: '', inode: '' });
  }
  return files;
}

const VERSION = 'ctvirt files 1';
const pack = promisify(gzip);
const unpack = promisify(gunzip);

/** A file for each domain and repository; one that cannot be read is as none, and one that cannot be written is remarked. */
export class KnownFilesStore {
  constructor(
    private readonly folder: string,
    private readonly remark: (message: string) => void = () => undefined,
  ) {}

  async get(uuid: string, repository: string): Promise<KnownFiles | undefined> {
    try {
      return knownIn((await unpack(readFileSync(this.#path(uuid, repository)))).toString('latin1'));
    } catch {
      return undefined;
    }
  }

  async set(uuid: string, repository: string, known: KnownFiles): Promise<void> {
    try {
      mkdirSync(this.folder, { recursive: true, mode: 0o700 });
      const content = await pack(Buffer.from(textOf(known), 'latin1'));
      await writeAtomically(this.#path(uuid, repository), content, { mode: 0o600, durable: false });
    } catch (error) {
      this.remark(`the next backup of this domain reads all of its files: ${String(error)}`);
    }
  }

  /** Of domains that are gone nothing stays. */
  keepOnly(isThere: (uuid: string) => boolean): void {
    for (const name of namesIn(this.folder))
      if (!isThere(name.slice(0, UUID_LENGTH))) rmSync(join(this.folder, name), { force: true });
  }

  #path(uuid: string, repository: string): string {
    return join(this.folder, `${uuid}.${repository}`);
  }
}

const UUID_LENGTH = 36;

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // nothing was backed up yet
  }
}

/** Words that end with a zero: of each layer its key, what it is, and how many words its files are. */
function textOf({ id, layers }: KnownFiles): string {
  const words = [VERSION, id];
  for (const [key, { made, files }] of layers) {
    const listed = wordsOf(files);
    words.push(key, made, String(listed.length));
    for (const word of listed) words.push(word);
  }
  return words.map((word) => `${word}\0`).join('');
}

function knownIn(text: string): KnownFiles | undefined {
  const [version, id = '', ...words] = text.split('\0').slice(0, -1);
  if (version !== VERSION) return undefined;
  const layers = new Map<string, KnownLayer>();
  for (let at = 0; at < words.length; ) {
    const [key = '', made = '', count = ''] = words.slice(at, at + 3);
    const from = at + 3;
    at = from + Number(count);
    layers.set(key, { made, files: filesIn(words.slice(from, at)) });
  }
  return { id, layers };
}
