// What differs between two lists of one tree, so that whoever has what the first one named can be brought to the second.
// SPDX-License-Identifier: Apache-2.0

/** A file, folder or link as a list of its tree has it. */
export interface Seen {
  /** A letter, as `find` has it. */
  readonly kind: string;
  readonly inode: string;
  /** When anything of it changed last, in milliseconds. */
  readonly changedMs: number;
  /** What it takes on the disk. */
  readonly bytes: number;
}

/** By path below its root, which is the empty one, in bytes, one a character; a folder stands right before what is in it. */
export type Tree = ReadonlyMap<string, Seen>;

export interface Changes {
  /** To be packed, with the folders that they lie in, whose times the unpacking changes, and always the root; as the tree orders them. */
  readonly names: readonly string[];
  /** Not there any more, or of another kind. */
  readonly gone: readonly string[];
  /** Folders that may have lost attributes, which nothing that is unpacked over them takes away. */
  readonly afresh: readonly string[];
}

export const NOTHING: Tree = new Map();

/** What changed from `before` on, which whoever made it began at `sinceMs`. */
export function changesSince(before: Tree, now: Tree, sinceMs: number): Changes {
  const root = before.get('');
  // A copy of the files: none of them is the same file.
  if (root !== undefined && root.inode !== now.get('')?.inode)
    return { names: [...now.keys()], gone: [...before.keys()].filter(isOnTop), afresh: [] };
  const isNew = (path: string, { kind, inode, changedMs }: Seen): boolean => {
    const old = before.get(path);
    if (kind === WHITEOUT) return old?.kind !== WHITEOUT;
    if (old?.kind !== kind || old.inode !== inode) return true;
    return old.changedMs !== changedMs || changedMs >= sinceMs;
  };
  const files = new Set<string>();
  const wanted = new Set(['']);
  const afresh: string[] = [];
  for (const [path, seen] of now) {
    if (!isNew(path, seen)) continue;
    wanted.add(path);
    if (seen.kind !== FOLDER) files.add(seen.inode);
    else if (path !== '' && before.get(path)?.kind === FOLDER) afresh.push(path);
  }
  // One name of a file alone would come as a file of its own.
  for (const [path, { kind, inode }] of now)
    if (kind !== FOLDER && kind !== WHITEOUT && files.has(inode)) wanted.add(path);
  const gone = [...before].filter(([path, { kind }]) => now.get(path)?.kind !== kind).map(([path]) => path);
  for (const path of [...wanted, ...gone]) for (const above of foldersAbove(path)) wanted.add(above);
  return { names: [...now.keys()].filter((path) => wanted.has(path)), gone, afresh };
}

const isOnTop = (path: string): boolean => path !== '' && !path.includes('/');

const FOLDER = 'd';
/** Of all of them there may be one file with many names, which is no matter: nothing of one is kept but where it is. */
const WHITEOUT = 'c';

function* foldersAbove(path: string): Generator<string> {
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) yield path.slice(0, at);
  yield '';
}
