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
import { EngineError, errnoOf } from '../errors.js';
import { isErrno } from '../host/gone.js';
import { openInRoot } from '../host/syscalls.js';

const errnos: Readonly<Record<string, number>> = osConstants.errno;
export const LARGEST = 1 << 20;
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
  for (const file of files)
    telling(tell, `its /${file.folder}/${file.name} is left as it is, since it cannot be written`, () =>
      writeOne(tree, file),
    );
}

/** Does it; what cannot be done for how the container's files are is told as `what`, and why. */
export function telling(tell: (remark: string) => void, what: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    const errno = numberOf(error);
    if (errno === undefined ? !isOfTree(error) : ofHost.has(errno)) throw error;
    tell(`${what}: ${error instanceof EngineError ? error.message : String(error)}`);
  }
}

/** What somebody found in the tree, or not. */
const isOfTree = (error: unknown): boolean =>
  error instanceof EngineError && (error.code === 'not-found' || error.code === 'denied');

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
    else replace(folder, file.name, text, { ...owner, mode: file.mode ?? MODE });
  } finally {
    closeSync(folder);
  }
}

/** A folder below the root, links in its way followed as inside; undefined if it is not there. */
export function openFolder(root: number, path: string): number | undefined {
  try {
    return openInRoot(root, path, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whose a file is, and for whom. */
export interface Owned {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** At one moment; a link of that name gives way, and is not followed. */
export function replace(folder: number, name: string, text: string, { uid, gid, mode }: Owned): void {
  const path = `/proc/self/fd/${folder}/${name}`;
  const temporary = `${path}.${randomBytes(4).toString('hex')}`;
  const fd = openSync(
    temporary,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    fchownSync(fd, uid, gid);
    fchmodSync(fd, mode & 0o777);
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
  const found = readIn(folder, name);
  return typeof found === 'string' ? found : { text: found.text, isOpen: (found.mode & MODE) === MODE };
}

/** What lies there, if it is a plain file of no great size, and whose it is. */
export function readIn(
  folder: number,
  name: string,
): (Owned & { readonly text: string }) | 'missing' | 'other' {
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
    return { text: readFileSync(fd, 'latin1'), uid: found.uid, gid: found.gid, mode: found.mode };
  } finally {
    closeSync(fd);
  }
}
