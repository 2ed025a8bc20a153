// Files that survive a crash: written beside, synced, renamed; and trees removed without following links.
// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fsync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { lstat, mkdir, readdir, readFile, rmdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { isFault } from '../errors.js';
import { allEnded } from './all-ended.js';
import { isOnBtrfs, removeSubvolumesIn } from './btrfs.js';
import { isErrno } from './gone.js';
import { run } from './run.js';

export { exchange } from './syscalls.js';

const UNFINISHED = '.new';
const FEW = 16;

/**
 * Waits for the disk on another thread. Whatever else these functions do of a small file happens in memory, which takes less time than to
 * hand it there.
 */
const sync = promisify(fsync);

/** Names of the folders in a folder, and of links to some: a file that somebody has put beside them is none of theirs. */
export function foldersIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(
      (entry) =>
        entry.isDirectory() ||
        (entry.isSymbolicLink() &&
          statSync(join(folder, entry.name), { throwIfNoEntry: false })?.isDirectory() === true),
    )
    .map(({ name }) => name);
}

/** Files in a folder that a killed daemon had begun to write. */
export function unfinishedIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(UNFINISHED) && /\.[0-9a-f]{8}$/.test(name.slice(0, -UNFINISHED.length)))
    .map((name) => join(folder, name));
}

/** Replaces `path` whole or not at all; with `durable` it is on the disk when this resolves. */
export async function writeAtomically(
  path: string,
  content: string | Uint8Array,
  options: { durable?: boolean; mode?: number } = {},
): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}${UNFINISHED}`;
  try {
    await writeNew(temporary, content, options);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  if (options.durable !== false) await syncDirectory(dirname(path));
}

/** Writes the files of a folder that nobody looks into yet; they are on the disk when this resolves. */
export async function fillFolder(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  const written = Object.entries(files).map(([name, content]) => writeNew(join(folder, name), content));
  // All are there by now, if not on the disk: that can wait for them and their names at once.
  await allEnded([...written, syncDirectory(folder)]);
}

async function writeNew(
  path: string,
  content: string | Uint8Array,
  { durable, mode }: { durable?: boolean; mode?: number } = {},
): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file = openSync(path, flags, mode ?? 0o600);
  try {
    // Whatever the umask.
    if (mode !== undefined) fchmodSync(file, mode);
    writeFileSync(file, content);
    if (durable !== false) await sync(file);
  } finally {
    closeSync(file);
  }
}

/** Makes renames and removals in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await sync(directory);
  } finally {
    closeSync(directory);
  }
}

/** All that was written to the file system that this lies on is on the disk when it resolves; whoever gives it up does not wait for that. */
export async function syncAll(path: string, signal?: AbortSignal): Promise<void> {
  const synced = run(['/bin/sync', '-f', '--', path]);
  if (signal === undefined) return void (await synced);
  signal.throwIfAborted();
  let leave = (): void => undefined;
  const left = new Promise<void>((_, reject) => {
    leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave);
  });
  try {
    await Promise.race([synced, left]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

/** Undefined if there is no such file; every other failure is one. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Makes a folder in one that is there; one that exists keeps its mode. Made with those above it, Node calls a full disk a missing folder. */
export async function makeFolder(path: string, mode = 0o700): Promise<void> {
  await mkdir(path, { mode }).catch((error: unknown) => {
    if (!isErrno(error, 'EEXIST')) throw error;
  });
}

/** Removes a folder, unless somebody has files in it; one that is gone already is no error. */
export async function removeIfEmpty(path: string): Promise<void> {
  await rmdir(path).catch((error: unknown) => {
    if (!isErrno(error, 'ENOTEMPTY') && !isErrno(error, 'ENOENT')) throw error;
  });
}

/** GNU rm walks by descriptors: neither links nor names that are not UTF-8 nor great depth trouble it, as they would Node. */
export async function removeTree(path: string, signal?: AbortSignal): Promise<void> {
  if (await removeFlat(path)) return;
  for (let left = REMOVALS; ; left--)
    try {
      return await removeDeep(path, signal);
    } catch (error) {
      // What is left of it nobody else would remove before the next daemon.
      const isKilled = isFault(error, 'host-command') && (error.details.signal ?? null) !== null;
      if (left === 0 || !isKilled) throw error;
    }
}

/** Removes all that is in a folder, whose names may be no text. */
export async function emptyTree(path: string): Promise<void> {
  await run(['/usr/bin/find', path, '-xdev', '-mindepth', '1', '-delete']);
}

/** So often it is begun again when rm was killed. */
const REMOVALS = 3;

async function removeDeep(path: string, signal: AbortSignal | undefined): Promise<void> {
  const remove = ['/bin/rm', '-rf', '--one-file-system', '--', path] as const;
  const { status } = await run(remove, { allow: [1], signal });
  if (status === 0) return;
  // It takes each subvolume for another file system, and leaves it.
  if (isOnBtrfs(path)) await removeSubvolumesIn(path);
  await run(remove, { signal });
}

/** Of a folder with a few files, such as a definition, no program is needed; whatever is in the way is left to that. */
async function removeFlat(path: string): Promise<boolean> {
  try {
    if (!(await lstat(path)).isDirectory()) return false;
    const entries = await readdir(path, { withFileTypes: true });
    if (entries.length > FEW || !entries.every((entry) => entry.isFile())) return false;
    await Promise.all(entries.map(({ name }) => unlink(join(path, name))));
    await rmdir(path);
    return true;
  } catch {
    return false;
  }
}
