// Loop devices that free themselves: an image becomes a block device for as long as something has it mounted.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, fstatSync, openSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError, errnoOf } from '../errors.js';
import { cloneMount } from './mount-calls.js';
import { ioctlBuffer, ioctlNumber, isOpenedByOthers } from './syscalls.js';

const LOOP_GET_STATUS64 = 0x4c05;
const LOOP_CTL_GET_FREE = 0x4c82;
const LOOP_SET_CAPACITY = 0x4c07;
const LOOP_CONFIGURE = 0x4c0a;
const LO_FLAGS_READ_ONLY = 1;
const LO_FLAGS_AUTOCLEAR = 4;
// struct loop_config: fd, block size, struct loop_info64 (232 bytes), 8 reserved words.
const CONFIG_BYTES = 304;
const INFO_BYTES = 232;
const INFO_OFFSET = 8;
const INFO_FLAGS_OFFSET = INFO_OFFSET + 52;
const INFO_NAME_OFFSET = INFO_OFFSET + 56;
const NAME_BYTES = 64;
const O_PATH = 0o10000000;

/** A bound loop device; it lives until its descriptor is closed and nothing has it mounted. */
export interface LoopDevice extends Disposable {
  readonly path: string;
}

function openControl(image: string): number {
  try {
    return openSync('/dev/loop-control', constants.O_RDWR);
  } catch (cause) {
    throw new EngineError(
      'unsupported',
      `this kernel has no loop devices, and ${image} needs one: load the module (modprobe loop), or leave out the disk limit or file system that asks for it`,
      { image },
      { cause },
    );
  }
}

/** Lets a bound device follow its file, which has become larger. */
export function growLoop(path: string): void {
  const device = openSync(path, constants.O_RDWR);
  try {
    ioctlNumber(device, LOOP_SET_CAPACITY, 0, path);
  } finally {
    closeSync(device);
  }
}

/** How long the device of a container that has just ended may take to free itself. */
const FREEING_MS = 2000;

/** An image or device that is open, whoever renames it. */
export interface Image extends Disposable {
  readonly fd: number;
  /** For people. */
  readonly path: string;
  readonly readOnly: boolean;
}

/**
 * Opens an image to be attached or changed, as nothing else has it: two file systems over the same bytes destroy each other. Throws
 * `busy` where it is attached already, by whomever; for reading alone it may be, more than once. `as` is a name of a file that is open.
 */
export async function openImage(
  path: string,
  options: { readOnly?: boolean; as?: string } = {},
): Promise<Image> {
  const readOnly = options.readOnly === true;
  const fd = openUnnamed(options.as ?? path, readOnly ? constants.O_RDONLY : constants.O_RDWR);
  const image = { fd, path, readOnly, [Symbol.dispose]: () => closeSync(fd) };
  try {
    for (const deadline = performance.now() + FREEING_MS; ; await sleep(1)) {
      const holder = holderOf(image);
      if (holder === undefined) return image;
      if (performance.now() > deadline) throw attached(image, holder);
    }
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/**
 * Every container reads in /sys what the kernel says of the file behind a loop device: its path on the mount it was opened on. On a
 * copy of the mount that begins with the file that is `/`, instead of the name of a domain and of where the daemon keeps it.
 */
function openUnnamed(path: string, flags: number): number {
  const place = openSync(path, O_PATH);
  try {
    using copy = cloneMount(place, path);
    return openSync(`/proc/self/fd/${copy.fd}`, flags);
  } catch (error) {
    // A mount that may not be copied, by an administrator's word: the file is of use all the same.
    if (errnoOf(error) !== 'EINVAL') throw error;
    return openSync(path, flags);
  } finally {
    closeSync(place);
  }
}

const attached = ({ path }: Image, device: string): EngineError =>
  new EngineError(
    'busy',
    `${path} is attached already, to ${device}: see \`losetup --list\` and \`findmnt ${device}\` for what uses it`,
    { image: path, device },
  );

/** The loop device that has this file, unless it and we only read. */
function holderOf({ fd, readOnly }: Image): string | undefined {
  // The answer to one call for most; otherwise all devices are asked.
  if (!isOpenedByOthers(fd)) return undefined;
  const { dev, ino } = fstatSync(fd, { bigint: true });
  return boundLoops().find((loop) => loop.dev === dev && loop.ino === ino && !(loop.readOnly && readOnly))
    ?.path;
}

/** A loop device that has a file. */
export interface BoundLoop {
  readonly path: string;
  /** Of its file: whatever it is called by now, and wherever. */
  readonly dev: bigint;
  readonly ino: bigint;
  /** What the file was called by who attached it, as far as there was room: then it ends in `*`. */
  readonly file: string;
  readonly readOnly: boolean;
}

/** The host's loop devices that have a file, by anybody. */
export function boundLoops(): BoundLoop[] {
  const info = Buffer.alloc(INFO_BYTES);
  return readdirSync('/sys/block').flatMap((name) => {
    if (!name.startsWith('loop')) return [];
    const path = `/dev/${name}`;
    let device: number;
    try {
      device = openSync(path, constants.O_RDONLY);
    } catch {
      return []; // gone meanwhile
    }
    try {
      ioctlBuffer(device, LOOP_GET_STATUS64, info, path);
    } catch {
      return []; // not bound
    } finally {
      closeSync(device);
    }
    const file = info.subarray(INFO_NAME_OFFSET - INFO_OFFSET).subarray(0, NAME_BYTES);
    return [
      {
        path,
        dev: info.readBigUInt64LE(0),
        ino: info.readBigUInt64LE(8),
        file: file.toString('utf8', 0, file.indexOf(0)),
        readOnly: (info.readUInt32LE(INFO_FLAGS_OFFSET - INFO_OFFSET) & LO_FLAGS_READ_ONLY) !== 0,
      },
    ];
  });
}

/** As losetup(8) shortens them. */
function shortened(path: string): Buffer {
  const name = Buffer.from(path);
  return name.length < NAME_BYTES
    ? name
    : Buffer.concat([name.subarray(0, NAME_BYTES - 2), Buffer.from('*')]);
}

/** Binds an image to a free loop device with autoclear, so that nobody has to give it back. */
export function attachLoop(image: Image): LoopDevice {
  const { readOnly } = image;
  const control = openControl(image.path);
  try {
    // Again, since two may have opened it at once.
    const holder = holderOf(image);
    if (holder !== undefined) throw attached(image, holder);
    const config = Buffer.alloc(CONFIG_BYTES);
    config.writeUInt32LE(image.fd, 0);
    config.writeUInt32LE(LO_FLAGS_AUTOCLEAR | (readOnly ? LO_FLAGS_READ_ONLY : 0), INFO_FLAGS_OFFSET);
    shortened(image.path).copy(config, INFO_NAME_OFFSET);
    // Another process may take the free device between the two calls: then the next one is tried.
    for (let attempt = 0; attempt < 64; attempt++) {
      const path = `/dev/loop${ioctlNumber(control, LOOP_CTL_GET_FREE, 0, 'loop-control')}`;
      const device = openSync(path, readOnly ? constants.O_RDONLY : constants.O_RDWR);
      try {
        ioctlBuffer(device, LOOP_CONFIGURE, config, path);
        return { path, [Symbol.dispose]: () => closeSync(device) };
      } catch (error) {
        closeSync(device);
        if (errnoOf(error) !== 'EBUSY') throw error;
      }
    }
    throw new EngineError(
      'busy',
      `no free loop device for ${image.path}: other programs take each one first`,
    );
  } finally {
    closeSync(control);
  }
}
