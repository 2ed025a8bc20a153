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
  rmSync,
  writeFileSync,
} from 'node:fs';
import { constants as osConstants } from 'node:os';
import { errnoOf } from '../errors.js';
import { isErrno } from '../host/gone.js';
import { openInRoot } from '../host/syscalls.js';

const errnos: Readonly<Record<string, number>> = osConstants.errno;
const LARGEST = 1 << 16;
/** What every program in the container may read, whatever umask the daemon has. */
const MODE = 0o644;

/** What lies in a file's place: its bytes, each a character (latin1), so that none is lost that is not UTF-8, and whether all may read it, nothing, or a link, a device, a file without end. */
export type Present = { readonly text: string; readonly isOpen: boolean } | 'missing' | 'other';

/** What a new text is made from. */
export interface Known {
  readonly present: Present;
  /** The same of the template below, if there is one. */
  readonly made: Present;
  /** What the file of this name beside it holds now. */
  readonly beside: (name: string) => Present;
}

/** A file that a start writes into the container's root. */
export interface GuestFile {
  /** Folder and name below the container's root. */
  readonly folder: string;
  readonly name: string;
  /** What it may be used for, and by whom; all may read it if absent. */
  readonly mode?: number;
  /** Its bytes, each a character as above; undefined leaves it as it is, null removes it. */
  readonly text: (known: Known) => string | null | undefined;
}

/** The tree the files are written into. */
export interface GuestRoot {
  readonly root: number;
  /** Who, in that tree, the container's root user is. */
  readonly owner: { readonly uid: number; readonly gid: number };
  /** The template's tree, where the root is made of one. */
  readonly model?: number | undefined;
}

/** What the host lacks for a moment is no reason to begin without a name; all else is how the container's files are. */
const ofHost = new Set([osConstants.errno.EMFILE, osConstants.errno.ENFILE, osConstants.errno.ENOMEM]);

/**
 * Puts the files in place where they differ, in this order. The tree belongs to the container, which may have made any part of it a
 * link: folders are resolved with the tree as the root directory, and a file is replaced by rename, never followed. What cannot be
 * written, for want of room or for what lies there, is told and left as it is: the others are written all the same.
 */
export function writeGuestFiles(
  tree: GuestRoot,
  files: readonly GuestFile[],
  tell: (remark: string) => void,
): void {
  for (const file of files) {
    try {
      writeOne(tree, file);
    } catch (error) {
      const errno = numberOf(error);
      if (errno === undefined || ofHost.has(errno)) throw error;
      tell(`its /${file.folder}/${file.name} is left as it is, since it cannot be written: ${String(error)}`);
    }
  }
}

/** The kernel's number of what went wrong: Node has no name for each. */
function numberOf(error: unknown): number | undefined {
  const name = errnoOf(error);
  if (name !== undefined) return errnos[name];
  if (!(error instanceof Error && 'errno' in error)) return undefined;
  return typeof error.errno === 'number' ? -error.errno : undefined;
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
    if (text === null) rmSync(`/proc/self/fd/${folder}/${file.name}`, { force: true });
    else replace(folder, file, text, owner);
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

function replace(
  folder: number,
  { name, mode = MODE }: Pick<GuestFile, 'name' | 'mode'>,
  text: string,
  owner: GuestRoot['owner'],
): void {
  const path = `/proc/self/fd/${folder}/${name}`;
  const temporary = `${path}.${randomBytes(4).toString('hex')}`;
  const fd = openSync(
    temporary,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    mode,
  );
  try {
    fchownSync(fd, owner.uid, owner.gid);
    fchmodSync(fd, mode);
    // All of it: a single write ends early where there is no more room.
    writeFileSync(fd, text, 'latin1');
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
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
    return { text: readFileSync(fd, 'latin1'), isOpen: (found.mode & MODE) === MODE };
  } finally {
    closeSync(fd);
  }
}
