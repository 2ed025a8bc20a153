// The disks of this host: which one a path lies on, which loop device holds a file, and how each is scheduled.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { EngineError } from '../errors.js';
import { boundLoops } from './loop.js';
import { mountAt } from './mountinfo.js';

/** A whole disk, as the kernel limits it: partitions are not limited by themselves. */
export interface Disk {
  /** `MAJ:MIN`. */
  readonly number: string;
  /** As under /dev and /sys/block. */
  readonly name: string;
}

/** The disk below the file system that holds `path`; none where it is not of this host, as of a network or memory. */
export function diskBelow(path: string): Disk[] {
  const { dev } = statSync(path, { bigint: true });
  if (major(dev) !== 0n) return wholeOf(dev);
  // btrfs and its like show a device of their own; the mount names the real one.
  const source = mountAt(realpathSync(path))?.source ?? '';
  return source.startsWith('/dev/') ? diskOfDevice(source) : [];
}

/** The disk that a block device is or is part of. */
export const diskOfDevice = (path: string): Disk[] => wholeOf(statSync(path, { bigint: true }).rdev);

const wholeOf = (dev: bigint): Disk[] => {
  const at = diskOf(dev);
  return at === undefined ? [] : [at.disk];
};

/** The disk that a document names; throws `not-found` or `invalid` where there is none, or only a part of one. */
export function diskNamed(path: string): Disk {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (found === undefined)
    throw new EngineError('not-found', `there is no disk ${path} on this host`, { path });
  const at = found.isBlockDevice() ? diskOf(found.rdev) : undefined;
  if (at === undefined)
    throw new EngineError('invalid', `${path} is no block device: see lsblk for those of this host`, {
      path,
    });
  if (at.isPart)
    throw new EngineError(
      'invalid',
      `${path} is a partition, and the kernel limits whole disks: name /dev/${at.disk.name}`,
      { path },
    );
  return at.disk;
}

/** The loop devices that hold a file. */
export function loopsOver(file: string): Disk[] {
  const { dev, ino } = statSync(file, { bigint: true });
  return boundLoops()
    .filter((loop) => loop.dev === dev && loop.ino === ino)
    .map(({ path }) => ({ name: basename(path), number: numberAt(join('/sys/block', basename(path))) }));
}

/** What decides whose request to a disk is next, such as `bfq` or `mq-deadline`. */
export function schedulerOf(number: string): string {
  return /\[(.+)\]/.exec(textOf(join('/sys/dev/block', number, 'queue/scheduler')))?.[1] ?? 'none';
}

function diskOf(dev: bigint): { readonly disk: Disk; readonly isPart: boolean } | undefined {
  let folder: string;
  try {
    folder = realpathSync(`/sys/dev/block/${major(dev)}:${minor(dev)}`);
  } catch {
    return undefined; // a device without a driver, or gone meanwhile
  }
  const isPart = textOf(join(folder, 'partition')) !== '';
  const whole = isPart ? dirname(folder) : folder;
  return { disk: { name: basename(whole), number: numberAt(whole) }, isPart };
}

const numberAt = (folder: string): string => textOf(join(folder, 'dev')).trim();

// Linux's dev_t in user space: the parts of both numbers that were once enough, then the rest.
const major = (dev: bigint): bigint => ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
const minor = (dev: bigint): bigint => (dev & 0xffn) | ((dev >> 12n) & 0xffffff00n);

/** Empty where there is no such attribute, or the device has just gone. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
