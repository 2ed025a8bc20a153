// The regular files of a folder, as the kernel tells of them.
// SPDX-License-Identifier: Apache-2.0
import { dirname, join } from 'node:path';
import { bounded, PATH_MAX } from '../host/complaint.js';
import { foundWords, type Within } from './found-words.js';

/** In words of find; times in seconds with their fraction. */
export interface FileState {
  readonly size: string;
  readonly modified: string;
  /** Which nobody can set; empty where it says nothing. */
  readonly changed: string;
  readonly inode: string;
}

/** By path, in bytes, one a character. */
export type FileList = ReadonlyMap<string, FileState>;

const FIELDS = 5;

/** Files may come and go meanwhile. */
export async function filesBelow(folder: string): Promise<Map<string, FileState>> {
  const format = '%P\\0%s\\0%T@\\0%C@\\0%i\\0';
  const words = await foundWords(['/usr/bin/find', folder, '-type', 'f', '-printf', format]);
  return filesIn(words);
}

/** How many sockets there are, which nobody keeps: who listens makes them anew. */
export async function socketsBelow(folders: readonly string[], within?: Within): Promise<number> {
  const argv = ['/usr/bin/find', ...folders, '-type', 's', '-printf', '\\0'] as const;
  return (await foundWords(argv, { ...(within && { within }) })).length;
}

/** Of a name; so what is too long lies deep, and all else need not be told. */
const NAME_MAX = 255;
/** Of the longest path, what programs that copy put before one of a tree. */
const ROOM = 64;

/** The beginnings, one each, of paths that no program can copy, since the kernel takes none that is so long: from the folder on. */
export async function deepBelow(folder: string, within?: Within): Promise<string[]> {
  const longest = PATH_MAX - ROOM;
  const depth = String(Math.floor(longest / (NAME_MAX + 1)));
  const argv = ['/usr/bin/find', folder, '-mindepth', depth, '-printf', '%P\\0'] as const;
  const paths = await foundWords(argv, { ...(within && { within }) });
  return paths
    .filter((path) => path.length > longest && dirname(path).length <= longest)
    .map((path) => bounded(Buffer.from(path, 'latin1').toString()));
}

/** A line that begins otherwise is the rest of a name. */
const FLAGGED =
  'find "$@" \\( -type f -o -type d \\) -exec lsattr -d -- {} + 2>/dev/null | grep "^[-A-Za-z]\\{16,\\} " | grep "^[^ ]*[ia]" | tr "\\n" "\\0"';

/** Those that were made so through an overlay, in its upper folder. */
const MARKED =
  'getfattr -Rhn trusted.overlay.protattr --absolute-names -- "$@" 2>/dev/null | grep "^# file: " | tr "\\n" "\\0"';

/** How many files and folders are immutable or can only grow: the host's administrator has made them so, and copies are not. */
export const flaggedBelow = (folders: readonly string[], within?: Within): Promise<number> =>
  counted(FLAGGED, folders, within);

/** The same of what overlay itself calls so, in a layer. */
export const markedBelow = (folders: readonly string[], within?: Within): Promise<number> =>
  counted(MARKED, folders, within);

async function counted(script: string, folders: readonly string[], within?: Within): Promise<number> {
  const argv = ['/bin/sh', '-c', script, 'sh', ...folders] as const;
  return (await foundWords(argv, { ...(within && { within }) })).length;
}

/** What is said of them. */
export const flagsLost = (count: number): string[] =>
  count === 0
    ? []
    : [`${count === 1 ? 'a file is' : `${count} files are`} copied without what chattr has set (+i, +a)`];

/** Files of their words, and back. */
export function filesIn(words: readonly string[]): Map<string, FileState> {
  const files = new Map<string, FileState>();
  for (let at = 0; at + FIELDS <= words.length; at += FIELDS) {
    const [path = '', size = '', modified = '', changed = '', inode = ''] = words.slice(at, at + FIELDS);
    files.set(path, { size, modified, changed, inode });
  }
  return files;
}

export const wordsOf = (files: FileList): string[] =>
  [...files].flatMap(([path, { size, modified, changed, inode }]) => [path, size, modified, changed, inode]);

/** Digits of one. */
const SUM = 64;

/** Of the contents of those that are there, by path. */
export async function sumsOf(
  folder: string,
  paths: readonly string[],
  within?: Within,
): Promise<ReadonlyMap<string, string>> {
  if (paths.length === 0) return new Map();
  const names = paths.map((path) => join(folder, path));
  const input = names.map((name) => `${name}\0`).join('');
  const argv = ['/usr/bin/xargs', '-0', '/usr/bin/sha256sum', '-z', '--'] as const;
  const lines = await foundWords([...argv], { input, ...(within && { within }) });
  return new Map(lines.map((line) => [line.slice(SUM + 2 + folder.length + 1), line.slice(0, SUM)]));
}
