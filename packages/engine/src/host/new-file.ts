// A file beside those of its user: it has its name when it is whole and on the disk, and whoever is killed before leaves none.
// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  createWriteStream,
  existsSync,
  fsync,
  openSync,
  type WriteStream,
} from 'node:fs';
import { link, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { syncDirectory } from './files.js';
import { isErrno } from './gone.js';
import { nameFile } from './syscalls.js';

/** Linux' own; O_DIRECTORY is part of it, so that kernels and file systems without it refuse. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;
const MODE = 0o600;
const sync = promisify(fsync);

/**
 * Makes a file that was not there, which root alone may read; `fill` ends what it is given. The kernel keeps it without a name until then,
 * and where a file system cannot do that it has another, which the next one of its name takes away.
 */
export async function writeNewFile<T>(target: string, fill: (out: WriteStream) => Promise<T>): Promise<T> {
  const folder = dirname(target);
  const nameless = openNameless(folder);
  const done =
    nameless === undefined ? await writeNamed(target, fill) : await writeNameless(nameless, target, fill);
  await syncDirectory(folder);
  return done;
}

async function writeNameless<T>(
  file: number,
  target: string,
  fill: (out: WriteStream) => Promise<T>,
): Promise<T> {
  try {
    if (existsSync(target)) throw thereAlready(target);
    const done = await filled(file, fill);
    await sync(file);
    const refused = nameFile(file, target);
    if (refused === 'EEXIST') throw thereAlready(target);
    if (refused !== undefined) throw failed(refused, `${target} could not be given its name`);
    return done;
  } finally {
    closeSync(file);
  }
}

/** The same where the kernel keeps no file without a name. */
export async function writeNamed<T>(target: string, fill: (out: WriteStream) => Promise<T>): Promise<T> {
  if (existsSync(target)) throw thereAlready(target);
  await removeParts(target);
  const part = join(dirname(target), `${partOf(target)}${randomBytes(4).toString('hex')}`);
  const file = openSync(part, 'wx', MODE);
  try {
    const done = await filled(file, fill);
    await sync(file);
    await giveName(part, target);
    return done;
  } finally {
    closeSync(file);
    await rm(part, { force: true });
  }
}

/** Where no file of the name has come meanwhile. */
async function giveName(part: string, target: string): Promise<void> {
  try {
    await link(part, target);
  } catch (error) {
    // File systems without hard links.
    if (!isErrno(error, 'EPERM') && !isErrno(error, 'EOPNOTSUPP') && !isErrno(error, 'ENOSYS')) throw error;
    if (existsSync(target)) throw thereAlready(target);
    await rename(part, target);
  }
}

/** By a descriptor of the stream's own, which it closes in whatever way it ends. */
async function filled<T>(file: number, fill: (out: WriteStream) => Promise<T>): Promise<T> {
  const out = createWriteStream('', { fd: openSync(`/proc/self/fd/${file}`, 'r+') });
  try {
    return await fill(out);
  } finally {
    out.destroy();
  }
}

const partOf = (target: string): string => `.${basename(target)}.new-`;

/** Of one who was killed. */
async function removeParts(target: string): Promise<void> {
  const [folder, prefix] = [dirname(target), partOf(target)];
  for (const name of await readdir(folder))
    if (name.startsWith(prefix) && /^[0-9a-f]{8}$/.test(name.slice(prefix.length)))
      await rm(join(folder, name), { force: true });
}

const failed = (code: string, what: string): Error => Object.assign(new Error(`${code}: ${what}`), { code });
const thereAlready = (target: string): Error => failed('EEXIST', `there is a file ${target}`);

function openNameless(folder: string): number | undefined {
  try {
    return openSync(folder, O_TMPFILE | constants.O_WRONLY, MODE);
  } catch (error) {
    if (['EOPNOTSUPP', 'EISDIR', 'EINVAL'].some((code) => isErrno(error, code))) return undefined;
    throw error;
  }
}
