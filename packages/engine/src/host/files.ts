// Files that survive a crash: written beside, synced, renamed; and trees removed without following links.
// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { constants, readdirSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isErrno } from './gone.js';
import { run } from './run.js';

export { exchange } from './syscalls.js';

const UNFINISHED = '.new';

/** Files in a folder that a killed daemon had begun to write. */
export function unfinishedIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(UNFINISHED) && /\.[0-9a-f]{8}$/.test(name.slice(0, -UNFINISHED.length)))
    .map((name) => join(folder, name));
}

/** Replaces `path` whole or not at all; with `durable` it is on the disk when this resolves. */
export async function writeAtomically(
  path: string,
  content: string,
  options: { durable?: boolean; mode?: number } = {},
): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}${UNFINISHED}`;
  const file = await open(
    temporary,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    options.mode ?? 0o600,
  );
  try {
    // Whatever the umask.
    if (options.mode !== undefined) await file.chmod(options.mode);
    await file.writeFile(content);
    if (options.durable !== false) await file.sync();
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  await rename(temporary, path).catch(async (error: unknown) => {
    await rm(temporary, { force: true });
    throw error;
  });
  if (options.durable !== false) await syncDirectory(dirname(path));
}

/** Makes renames and removals in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
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

/** Makes a folder and those above it; an existing one keeps its mode. */
export async function makePrivateDirectory(path: string, mode = 0o700): Promise<void> {
  await mkdir(path, { recursive: true, mode });
}

/** GNU rm walks by descriptors: neither links nor names that are not UTF-8 nor great depth trouble it, as they would Node. */
export async function removeTree(path: string): Promise<void> {
  await run(['/bin/rm', '-rf', '--one-file-system', '--', path]);
}
