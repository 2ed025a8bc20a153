// Writes the few files of a container's root that its document decides: hostname and resolv.conf.
// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { EngineError } from '../errors.js';
import { openInRoot } from '../host/syscalls.js';

const LARGEST = 1 << 16;

export interface GuestFile {
  /** Folder and name below the container's root. */
  readonly folder: string;
  readonly name: string;
  readonly content: string;
}

/**
 * Puts the files in place where they differ, below an open folder. The tree belongs to the container, which may have made any part of it a link:
 * folders are resolved with the tree as the root directory, and a file is replaced by rename, never followed.
 */
export function writeGuestFiles(
  root: number,
  owner: { uid: number; gid: number },
  files: readonly GuestFile[],
): void {
  for (const file of files) writeOne(root, owner, file);
}

function writeOne(rootFd: number, owner: { uid: number; gid: number }, file: GuestFile): void {
  let folder: number;
  try {
    folder = openInRoot(rootFd, file.folder, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    if (error instanceof EngineError && error.details['errno'] === 'ENOENT') return; // a root without /etc wants no such file
    throw error;
  }
  try {
    const path = `/proc/self/fd/${folder}/${file.name}`;
    if (contentOf(path) === file.content) return;
    const temporary = `${path}.${randomBytes(4).toString('hex')}`;
    const fd = openSync(
      temporary,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      0o644,
    );
    try {
      fchownSync(fd, owner.uid, owner.gid);
      writeSync(fd, file.content);
      renameSync(temporary, path);
    } catch (error) {
      unlinkSync(temporary);
      throw error;
    } finally {
      closeSync(fd);
    }
  } finally {
    closeSync(folder);
  }
}

function contentOf(path: string): string | undefined {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const found = fstatSync(fd);
      // The container decides what lies here: read nothing that could be endless.
      return found.isFile() && found.size <= LARGEST ? readFileSync(fd, 'utf8') : undefined;
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined; // missing, a link or a device: replaced
  }
}
