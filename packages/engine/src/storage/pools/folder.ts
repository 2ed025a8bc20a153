// A folder whose files are the volumes of a storage pool: each by its name in there alone, and no link is followed.
// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import {
  type BigIntStats,
  closeSync,
  constants,
  createReadStream,
  createWriteStream,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statfsSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EngineError } from '../../errors.js';
import { syncDirectory } from '../../host/files.js';
import { isErrno } from '../../host/gone.js';
import { openInRoot, Resolve } from '../../host/syscalls.js';
import type { NewVolume, PoolPermissions, VolumeFile, VolumeRange } from '../../view.js';
import { copyImage, syncImage } from '../ext4/copy.js';

/** It, opened: whatever becomes of the names above it. */
export interface OpenFolder extends Disposable {
  readonly fd: number;
  readonly path: string;
}

/** Of its file system so much stays free of what clients upload: the containers need it. */
const RESERVE = 20;
const PART = '.new-';
/** What an export that a killed daemon began leaves, and what an upload does. */
const parts = /^\.(?:.+\.)?new-[0-9a-f]{8,16}$/;

/** What lies in one. */
export class PoolFolder {
  constructor(private readonly open: () => OpenFolder) {}

  /** Files and folders, by their names. */
  list(): VolumeFile[] {
    using folder = this.open();
    return readdirSync(at(folder.fd))
      .filter(isVolumeName)
      .sort()
      .flatMap((name) => volumeIn(folder, name) ?? []);
  }

  /** Undefined where nothing of that name is there, or can be. */
  find(name: string): VolumeFile | undefined {
    if (!isVolumeName(name)) return undefined;
    using folder = this.open();
    return volumeIn(folder, name);
  }

  /** Where a file of a name that is free comes to lie. */
  placeFor(name: string): string {
    checkVolumeName(name);
    using folder = this.open();
    refuseTaken(folder, name);
    return `${folder.path}/${name}`;
  }

  /** Throws where it is not there, or no folder. */
  permissions(): Required<PoolPermissions> {
    using folder = this.open();
    const { mode, uid, gid } = fstatSync(folder.fd);
    return { mode: mode & 0o7777, owner: uid, group: gid };
  }

  /** A file of that length which takes no room yet, or an empty folder. */
  async make(volume: NewVolume): Promise<void> {
    const { name, isFolder, capacity, mode, owner, group } = volume;
    checkVolumeName(name);
    checkBytes(capacity);
    using folder = this.open();
    const place = at(folder.fd, name);
    refuseTaken(folder, name);
    if (isFolder) mkdirSync(place, { mode: 0o700 });
    const file = isFolder
      ? openIn(folder, name, constants.O_RDONLY | constants.O_DIRECTORY)
      : openSync(place, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      if (!isFolder) await filled(`${folder.path}/${name}`, async () => ftruncateSync(file, capacity));
      give(file, { owner, group, mode: mode ?? (isFolder ? 0o711 : 0o600) });
    } catch (error) {
      if (isFolder) rmdirSync(place);
      else unlinkSync(place);
      throw error;
    } finally {
      closeSync(file);
    }
    await syncDirectory(at(folder.fd));
  }

  /** A file, or a folder with nothing in it. */
  async remove(name: string): Promise<void> {
    checkVolumeName(name);
    using folder = this.open();
    const found = volumeIn(folder, name);
    if (found === undefined) throw notThere(folder, name);
    try {
      if (found.isFolder) rmdirSync(at(folder.fd, name));
      else unlinkSync(at(folder.fd, name));
    } catch (error) {
      if (!isErrno(error, 'ENOTEMPTY')) throw error;
      throw new EngineError('in-use', `${folder.path}/${name} is not empty`, { path: folder.path });
    }
    await syncDirectory(at(folder.fd));
  }

  /** Makes a file longer, by what takes no room yet, or shorter. */
  async resize(name: string, capacity: number): Promise<void> {
    checkVolumeName(name);
    checkBytes(capacity);
    using folder = this.open();
    const file = openFile(folder, name, constants.O_WRONLY);
    try {
      await filled(`${folder.path}/${name}`, async () => ftruncateSync(file, capacity));
    } finally {
      closeSync(file);
    }
  }

  /** Its bytes; all from the offset on where the length is 0. */
  read(name: string, { offset, length }: VolumeRange): Readable {
    checkVolumeName(name);
    checkRange({ offset, length });
    using folder = this.open();
    const fd = openFile(folder, name, constants.O_RDONLY);
    const end = length === 0 ? undefined : offset + length - 1;
    return createReadStream('', { fd, start: offset, ...(end !== undefined && { end }) });
  }

  /** Into the file that is there: what fails on the way stays written as far as it came. */
  async write(name: string, range: VolumeRange, bytes: AsyncIterable<Buffer>): Promise<void> {
    checkVolumeName(name);
    checkRange(range);
    using folder = this.open();
    const fd = openFile(folder, name, constants.O_WRONLY);
    const out = createWriteStream('', { fd, start: range.offset, flush: true });
    await filled(`${folder.path}/${name}`, () => pipeline(Readable.from(atMost(bytes, range)), out));
  }

  /** In the place of the file that is there, whole or not at all. */
  async replace(name: string, range: VolumeRange, bytes: AsyncIterable<Buffer>): Promise<void> {
    checkVolumeName(name);
    checkRange(range);
    using folder = this.open();
    const path = `${folder.path}/${name}`;
    closeSync(openFile(folder, name, constants.O_RDONLY));
    await this.#beside(folder, async (part) => {
      const room = roomIn(folder);
      if (range.length > room) throw noRoom(path, room);
      // Opened at once: a stream that ends before it has opened its file would make it after the part is removed.
      const fd = openSync(part, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
      const out = createWriteStream('', { fd, flush: true });
      await filled(path, () => pipeline(Readable.from(withinRoom(atMost(bytes, range), room, path)), out));
      if (!existsSync(at(folder.fd, name))) throw notThere(folder, name);
      renameSync(part, at(folder.fd, name));
    });
  }

  /** A copy of a file of another one, or of its own, by a name that is free. */
  async copy(from: PoolFolder, { name, to }: { readonly name: string; readonly to: string }): Promise<void> {
    checkVolumeName(name);
    checkVolumeName(to);
    using folder = this.open();
    using other = from.open();
    refuseTaken(folder, to);
    const source = openFile(other, name, constants.O_RDONLY);
    try {
      await this.#beside(folder, async (part) => {
        await filled(`${folder.path}/${to}`, () => copyImage(at(source), part));
        await syncImage(part);
        refuseTaken(folder, to);
        renameSync(part, at(folder.fd, to));
      });
    } finally {
      closeSync(source);
    }
  }

  /** What a killed daemon had half written; returns the names. */
  clear(): string[] {
    using folder = this.open();
    const left = readdirSync(at(folder.fd)).filter((name) => parts.test(name));
    for (const name of left) rmSync(at(folder.fd, name), { force: true });
    return left;
  }

  async #beside(folder: OpenFolder, work: (part: string) => Promise<void>): Promise<void> {
    const part = at(folder.fd, `${PART}${randomBytes(8).toString('hex')}`);
    try {
      await work(part);
      await syncDirectory(at(folder.fd));
    } finally {
      rmSync(part, { force: true });
    }
  }
}

/** Makes one, in a folder that is there. */
export function makePoolFolder(above: OpenFolder, name: string, permissions: PoolPermissions): void {
  const place = at(above.fd, name);
  if (lstatSync(place, { throwIfNoEntry: false })?.isDirectory() === true) return;
  mkdirSync(place, { mode: 0o700 });
  const folder = openIn(above, name, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    give(folder, { ...permissions, mode: permissions.mode ?? 0o711 });
  } finally {
    closeSync(folder);
  }
}

/** Whatever the umask. */
function give(fd: number, { mode = 0o600, owner = 0, group = 0 }: PoolPermissions): void {
  fchownSync(fd, owner, group);
  fchmodSync(fd, mode);
}

/** Removes one that has nothing in it. */
export function removePoolFolder(above: OpenFolder, name: string): void {
  const path = join(above.path, name);
  if (lstatSync(at(above.fd, name), { throwIfNoEntry: false })?.isSymbolicLink() === true)
    throw new EngineError(
      'invalid',
      `${path} is a link: the folder that it leads to is not the pool's to remove`,
      {
        path,
      },
    );
  rmdirSync(at(above.fd, name));
}

/** By the daemon's own number, since programs look at it, too. */
const at = (fd: number, name?: string): string =>
  `/proc/${process.pid}/fd/${fd}${name === undefined ? '' : `/${name}`}`;

// biome-ignore lint/suspicious/noControlCharactersInRegex: a document cannot have them
const control = /[\u0000-\u001f]/;

/** What begins with a dot is hidden from clients: it may be half-made. */
const isVolumeName = (name: string): boolean =>
  name !== '' &&
  !name.startsWith('.') &&
  !name.includes('/') &&
  !control.test(name) &&
  Buffer.byteLength(name) <= 255;

function checkVolumeName(name: string): void {
  if (!isVolumeName(name))
    throw new EngineError('invalid', `'${name}' is no name of a volume: one without / and a dot before it`, {
      name,
    });
}

/** Lengths and places in a file that a client names; what no number holds exactly no file has. */
function checkBytes(bytes: number): void {
  if (!Number.isSafeInteger(bytes) || bytes < 0)
    throw new EngineError('invalid', `no volume has ${bytes} bytes`);
}

function checkRange({ offset, length }: VolumeRange): void {
  for (const bytes of [offset, length, offset + length]) checkBytes(bytes);
}

function volumeIn(folder: OpenFolder, name: string): VolumeFile | undefined {
  const found = lstatSync(at(folder.fd, name), { bigint: true, throwIfNoEntry: false });
  return found?.isFile() === true || found?.isDirectory() === true
    ? volumeOf(folder, name, found)
    : undefined;
}

const volumeOf = ({ path }: OpenFolder, name: string, found: BigIntStats): VolumeFile => ({
  name,
  path: `${path}/${name}`,
  isFolder: found.isDirectory(),
  capacity: Number(found.size),
  allocation: Number(found.blocks) * 512,
  mode: Number(found.mode & 0o7777n),
  owner: Number(found.uid),
  group: Number(found.gid),
});

const openIn = ({ fd }: OpenFolder, name: string, flags: number): number =>
  openInRoot(fd, name, flags | constants.O_NONBLOCK, 0, Resolve.beneath | Resolve.noSymlinks);

function openFile(folder: OpenFolder, name: string, flags: number): number {
  if (volumeIn(folder, name) === undefined) throw notThere(folder, name);
  const fd = openIn(folder, name, flags);
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw new EngineError('unsupported', `${folder.path}/${name} is a folder`, { path: folder.path });
}

function refuseTaken(folder: OpenFolder, name: string): void {
  if (lstatSync(at(folder.fd, name), { throwIfNoEntry: false }) !== undefined)
    throw new EngineError('exists', `there is a file ${folder.path}/${name} already`, {
      holder: `${folder.path}/${name}`,
    });
}

const notThere = ({ path }: OpenFolder, name: string): EngineError =>
  new EngineError('not-found', `there is no file ${path}/${name}`, { name });

async function* atMost(bytes: AsyncIterable<Buffer>, { length }: VolumeRange): AsyncGenerator<Buffer> {
  let done = 0;
  for await (const chunk of bytes) {
    done += chunk.length;
    if (length > 0 && done > length)
      throw new EngineError('invalid', `more than the ${length} bytes came that were announced`);
    yield chunk;
  }
}

function roomIn({ fd }: OpenFolder): number {
  const { blocks, bavail, bsize } = statfsSync(at(fd));
  return Math.max(0, (bavail - Math.ceil(blocks / RESERVE)) * bsize);
}

async function* withinRoom(bytes: AsyncIterable<Buffer>, room: number, path: string): AsyncGenerator<Buffer> {
  let done = 0;
  for await (const chunk of bytes) {
    done += chunk.length;
    if (done > room) throw noRoom(path, room);
    yield chunk;
  }
}

const noRoom = (path: string, room: number): EngineError =>
  new EngineError(
    'no-space',
    `${path} may have ${room} bytes and no more: the rest of its disk is the containers'; nothing was kept`,
    { path },
  );

async function filled(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    if (!['ENOSPC', 'EDQUOT', 'EFBIG'].some((code) => isErrno(cause, code))) throw cause;
    throw new EngineError('no-space', `no space left for ${path}`, { path }, { cause });
  }
}
