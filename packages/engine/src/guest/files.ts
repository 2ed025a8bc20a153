// Writes the few files of a container's root that its start decides, below an open folder and without following a link.
// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { errnoOf } from '../errors.js';
import { isErrno } from '../host/gone.js';
import { openInRoot } from '../host/syscalls.js';

const LARGEST = 1 << 16;
/** What every program in the container may read, whatever umask the daemon has. */
const MODE = 0o644;

/** What lies in a file's place: its text and whether all may read it, nothing, or a link, a device, a file without end. */
export type Present = { readonly text: string; readonly isOpen: boolean } | 'missing' | 'other';

/** What a new text is made from. */
export interface Known {
  readonly present: Present;
  /** The same of the template below, if there is one. */
  readonly made: Present;
  /** What the file of this name beside it holds now. */
  readonly beside: (name: string) => Present;
}

export interface GuestFile {
  /** Folder and name below the container's root. */
  readonly folder: string;
  readonly name: string;
  /** Undefined leaves it as it is. */
  readonly text: (known: Known) => string | undefined;
}

export interface GuestRoot {
  readonly root: number;
  /** Who, in that tree, the container's root user is. */
  readonly owner: { readonly uid: number; readonly gid: number };
  /** The template's tree, where the root is made of one. */
  readonly model?: number | undefined;
}

/**
 * Puts the files in place where they differ, in this order. The tree belongs to the container, which may have made any part of it a
 * link: folders are resolved with the tree as the root directory, and a file is replaced by rename, never followed.
 */
export function writeGuestFiles(tree: GuestRoot, files: readonly GuestFile[]): void {
  for (const file of files) writeOne(tree, file);
}

function writeOne({ root, owner, model }: GuestRoot, file: GuestFile): void {
  const folder = openFolder(root, file.folder);
  if (folder === undefined) return; // a root without /etc wants no such file
  try {
    const present = presentIn(folder, file.name);
    const text = file.text({
      present,
      made: model === undefined ? 'missing' : presentBelow(model, file),
      beside: (name) => presentIn(folder, name),
    });
    if (text === undefined || (typeof present === 'object' && present.text === text && present.isOpen))
      return;
    replace(folder, file.name, text, owner);
  } finally {
    closeSync(folder);
  }
}

function openFolder(root: number, path: string): number | undefined {
  try {
    return openInRoot(root, path, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function replace(folder: number, name: string, text: string, owner: GuestRoot['owner']): void {
  const path = `/proc/self/fd/${folder}/${name}`;
  const temporary = `${path}.${randomBytes(4).toString('hex')}`;
  const fd = openSync(
    temporary,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    MODE,
  );
  try {
    fchownSync(fd, owner.uid, owner.gid);
    fchmodSync(fd, MODE);
    writeSync(fd, text);
    renameSync(temporary, path);
  } catch (error) {
    unlinkSync(temporary);
    throw error;
  } finally {
    closeSync(fd);
  }
}

function presentBelow(root: number, file: GuestFile): Present {
  const folder = openFolder(root, file.folder);
  if (folder === undefined) return 'missing';
  try {
    return presentIn(folder, file.name);
  } finally {
    closeSync(folder);
  }
}

function presentIn(folder: number, name: string): Present {
  let fd: number;
  try {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    fd = openSync(`/proc/self/fd/${folder}/${name}`, flags);
  } catch (error) {
    return isErrno(error, 'ENOENT') ? 'missing' : 'other';
  }
  try {
    const found = fstatSync(fd);
    // The container decides what lies here: read nothing that could be endless.
    if (!found.isFile() || found.size > LARGEST) return 'other';
    return { text: readFileSync(fd, 'utf8'), isOpen: (found.mode & MODE) === MODE };
  } finally {
    closeSync(fd);
  }
}
