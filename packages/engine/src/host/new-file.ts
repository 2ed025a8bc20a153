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
import { isErrno } from './gone.js';
import { nameFile } from './syscalls.js';

/** Linux' own; O_DIRECTORY is part of it, so that kernels and file systems without it refuse. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;
const MODE = 0o600;
const sync = promisify(fsync);

type FillFile<T> = (out: WriteStream) => Promise<T>;

/** Where it is to be: in a folder that is opened once, whatever becomes of the names that lead there meanwhile. */
interface Place {
  /** For people. */
  readonly target: string;
  readonly folder: string;
  readonly name: string;
}

/**
 * Makes a file that was not there, which root alone may read; `fill` ends what it is given. The kernel keeps it without a name until then,
 * and where a file system cannot do that it has another, which the next one of its name takes away.
 */
export async function writeNewFile<T>(target: string, fill: FillFile<T>): Promise<T> {
  return await inFolderOf(target, async (place) => {
    const nameless = openNameless(place);
    return nameless === undefined ? await fillNamed(place, fill) : await fillNameless(nameless, place, fill);
  });
}

/** The same where the kernel keeps no file without a name. */
export async function writeNamed<T>(target: string, fill: FillFile<T>): Promise<T> {
  return await inFolderOf(target, (place) => fillNamed(place, fill));
}

async function inFolderOf<T>(target: string, work: (place: Place) => Promise<T>): Promise<T> {
  const folder = openSync(dirname(target), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const done = await work({ target, folder: `/proc/self/fd/${folder}`, name: basename(target) });
    await sync(folder);
    return done;
  } finally {
    closeSync(folder);
  }
}

const pathOf = ({ folder, name }: Place): string => join(folder, name);

async function fillNameless<T>(file: number, place: Place, fill: FillFile<T>): Promise<T> {
  try {
    if (existsSync(pathOf(place))) throw thereAlready(place);
    const done = await filled(file, fill);
    await sync(file);
    const refused = nameFile(file, pathOf(place));
    if (refused === 'EEXIST') throw thereAlready(place);
    if (refused !== undefined) throw failed(refused, `${place.target} could not be given its name`);
    return done;
  } finally {
    closeSync(file);
  }
}

async function fillNamed<T>(place: Place, fill: FillFile<T>): Promise<T> {
  if (existsSync(pathOf(place))) throw thereAlready(place);
  await removeParts(place);
  const part = join(place.folder, `${partOf(place)}${randomBytes(4).toString('hex')}`);
  const file = openSync(part, 'wx', MODE);
  try {
    const done = await filled(file, fill);
    await sync(file);
    await giveName(part, place);
    return done;
  } finally {
    closeSync(file);
    await rm(part, { force: true });
  }
}

/** Where no file of the name has come meanwhile. */
async function giveName(part: string, place: Place): Promise<void> {
  try {
    await link(part, pathOf(place));
  } catch (error) {
    if (isErrno(error, 'EEXIST')) throw thereAlready(place);
    // File systems without hard links.
    if (!isErrno(error, 'EPERM') && !isErrno(error, 'EOPNOTSUPP') && !isErrno(error, 'ENOSYS')) throw error;
    if (existsSync(pathOf(place))) throw thereAlready(place);
    await rename(part, pathOf(place));
  }
}

/** By a descriptor of the stream's own, which it closes in whatever way it ends. */
async function filled<T>(file: number, fill: FillFile<T>): Promise<T> {
  const out = createWriteStream('', { fd: openSync(`/proc/self/fd/${file}`, 'r+') });
  try {
    return await fill(out);
  } finally {
    out.destroy();
  }
}

const partOf = ({ name }: Place): string => `.${name}.new-`;

/** Of one who was killed. */
async function removeParts(place: Place): Promise<void> {
  const prefix = partOf(place);
  for (const name of await readdir(place.folder))
    if (name.startsWith(prefix) && /^[0-9a-f]{8}$/.test(name.slice(prefix.length)))
      await rm(join(place.folder, name), { force: true });
}

const failed = (code: string, what: string): Error => Object.assign(new Error(`${code}: ${what}`), { code });
const thereAlready = ({ target }: Place): Error => failed('EEXIST', `there is a file ${target}`);

function openNameless({ folder, target }: Place): number | undefined {
  try {
    return openSync(folder, O_TMPFILE | constants.O_WRONLY, MODE);
  } catch (error) {
    if (['EOPNOTSUPP', 'EISDIR', 'EINVAL'].some((code) => isErrno(error, code))) return undefined;
    // As whoever asked knows it.
    if (error instanceof Error) Object.assign(error, { path: dirname(target) });
    throw error;
  }
}
