// Native configurations from disk: bounded, without following links out of the folder that was named.
// SPDX-License-Identifier: Apache-2.0

import { type Dirent, lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, normalize, resolve } from 'node:path';
import {
  entryOf,
  type FileEntry,
  type FileSet,
  type Format,
  type FormatFiles,
  type NativeUnit,
  withReferences,
} from '@ctvirt/formats';
import { readBytes, readInput, readOrdinary } from '../documents/bytes.js';
import { CliError, refuseFile } from '../errors.js';
import { stdinName } from '../input-name.js';
import type { Io } from '../io.js';

const mostFiles = 200_000;
const mostFileBytes = 4 * 1024 * 1024;
const mostBytes = 512 * 1024 * 1024;

/** What was read, and what was left out and why. */
export interface Gathered {
  readonly files: FileSet;
  readonly left: readonly string[];
  /** Whether a folder was named, not a file. */
  readonly isFolder: boolean;
}

/** Reads what a format wants of a file, of a folder, or with `-` of standard input. */
export async function gather(path: string, { files }: Format, io: Io): Promise<Gathered> {
  if (path === '-') {
    const bytes = await readInput(io.stdin, mostFileBytes);
    refuseLong(stdinName, bytes);
    return { files: new Map([[stdinName, entryOf(bytes)]]), left: [], isFolder: false };
  }
  const place = placeOf(path);
  try {
    return statSync(place).isDirectory() ? gatherFolder(place, files) : gatherFile(place);
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    return refuseFile(path, cause);
  }
}

/** The path with a name before its last part, so that what stands beside it is found by its text. */
function placeOf(path: string): string {
  const plain = normalize(path).replace(/(?<=.)\/+$/, '');
  return plain === '.' || plain.startsWith('..') ? resolve(plain) : plain;
}

function gatherFile(path: string): Gathered {
  const bytes = readBytes(path, mostFileBytes);
  refuseLong(path, bytes);
  const files = new Map<string, FileEntry>([[path, entryOf(bytes)]]);
  return { files, left: [], isFolder: false };
}

function gatherFolder(path: string, wanted: FormatFiles): Gathered {
  const walk = new Walk(wanted);
  walk.folder(path, 1);
  return { files: walk.files, left: walk.left, isFolder: true };
}

/** The files a container inherits from, as far as they are there; each is read once. */
export function sharedReader(files: FileSet, { files: wanted }: Format): (unit: NativeUnit) => FileSet {
  const seen = new Map<string, FileEntry | undefined>();
  const read = (path: string): FileEntry | undefined => {
    if (!seen.has(path))
      seen.set(
        path,
        files.get(path) ?? (wanted.keepsLinks ? linkAt(path) : undefined) ?? readReference(path),
      );
    return seen.get(path);
  };
  return (unit) => {
    const paths = wanted.shared.map((shared) => join(dirname(unit.path), shared));
    return new Map(
      paths.flatMap((path) => {
        const entry = unit.path === stdinName || path === unit.path ? undefined : read(path);
        return entry === undefined ? [] : [[path, entry] as const];
      }),
    );
  };
}

class Walk {
  readonly files = new Map<string, FileEntry>();
  readonly left: string[] = [];
  #bytes = 0;

  constructor(readonly wanted: FormatFiles) {}

  folder(path: string, depth: number): void {
    const entries = readdirSync(path, { withFileTypes: true });
    for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
      const place = join(path, entry.name);
      const [enters, wants] = [this.wanted.enters(place, depth, isThere), this.wanted.wants(entry.name)];
      if (entry.isSymbolicLink() && !this.wanted.keepsLinks) {
        if (enters || wants)
          this.left.push(`${place} is a link, and links in a folder are not followed: name it by itself`);
      } else if (entry.isDirectory()) {
        if (enters) this.folder(place, depth + 1);
      } else if (wants) this.#take(place, entry);
    }
  }

  #take(path: string, entry: Dirent): void {
    if (this.files.size >= mostFiles)
      throw new CliError('local', `there are more than ${mostFiles} files: convert a folder below it`);
    if (entry.isSymbolicLink()) {
      this.files.set(path, { link: readlinkSync(path) });
      return;
    }
    const bytes = entry.isFile() ? readOrdinary(path, mostFileBytes) : undefined;
    if (bytes === undefined) this.left.push(`${path} is no ordinary file`);
    else if (bytes.length > mostFileBytes) this.left.push(`${path} has more than ${mostFileBytes} bytes`);
    else {
      this.#bytes += bytes.length;
      if (this.#bytes > mostBytes)
        throw new CliError('local', `the files have more than ${mostBytes} bytes: convert a folder below it`);
      this.files.set(path, entryOf(bytes));
    }
  }
}

function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false; // below a file, or in a folder that is closed to us: reading it will say so
  }
}

function linkAt(path: string): FileEntry | undefined {
  try {
    return { link: readlinkSync(path) };
  } catch {
    return undefined; // not there, or no link
  }
}

/** A file that a configuration names; undefined where there is none to be had. */
function readReference(path: string): FileEntry | undefined {
  try {
    const bytes = readOrdinary(path, mostFileBytes);
    return bytes === undefined || bytes.length > mostFileBytes ? undefined : entryOf(bytes);
  } catch {
    // The format reports what it was not given.
    return undefined;
  }
}

const mostInFolder = 256;

/** A container's files with all that they name, includes of includes too; a folder stands for its *.conf. */
export const withNamed = (own: FileSet, unit: NativeUnit, format: Format): FileSet =>
  withReferences(format, own, unit, readNamed);

function readNamed(path: string): (readonly [path: string, entry: FileEntry])[] {
  // Relative to nothing that is known here, liblxc's working folder least of all.
  if (!isAbsolute(path)) return [];
  const entry = readReference(path);
  if (entry !== undefined) return [[path, entry]];
  try {
    const names = readdirSync(path).filter((name) => name.endsWith('.conf'));
    return names
      .sort()
      .slice(0, mostInFolder)
      .flatMap((name) => {
        const place = `${path.replace(/\/+$/, '')}/${name}`;
        const inner = readReference(place);
        return inner === undefined ? [] : [[place, inner] as const];
      });
  } catch {
    // Neither a file nor a folder: the format reports what it was not given.
    return [];
  }
}

function refuseLong(path: string, bytes: Buffer): void {
  if (bytes.length > mostFileBytes)
    throw new CliError('local', `cannot read ${path}: it has more than ${mostFileBytes} bytes`);
}
