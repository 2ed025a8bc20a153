// A file system on a device: of a block device of the host, or of an image file through a loop device.
// SPDX-License-Identifier: Apache-2.0
import { stat } from 'node:fs/promises';
import { EngineError } from '../errors.js';
import { diskOfDevice, loopsOver } from '../host/disks.js';
import { attachLoop } from '../host/loop.js';
import { run } from '../host/run.js';
import { MountAttr, MountFlag, mount } from '../host/syscalls.js';
import type { Undo } from '../host/undo.js';
import { type Backend, type FilesystemSpec, type Opened, rootOwner, type StorageContext } from './backend.js';
import { attachMapped, mountPoint, splitOptions } from './mounting.js';

/** File systems that a device handed to a container may hold; others are not for the kernel to guess at. */
const known = new Set([
  'ext2',
  'ext3',
  'ext4',
  'xfs',
  'btrfs',
  'squashfs',
  'erofs',
  'f2fs',
  'vfat',
  'exfat',
  'iso9660',
]);
const withoutWriting = new Set(['squashfs', 'erofs', 'iso9660']);

async function typeOf(device: string, source: string): Promise<string> {
  const { stdout } = await run(
    ['/usr/sbin/blkid', '-p', '-s', 'TYPE', '-s', 'PTTYPE', '-o', 'export', device],
    { allow: [2] },
  );
  const type = /^TYPE=(.*)$/m.exec(stdout)?.[1];
  if (type !== undefined && known.has(type)) return type;
  const found = /^PTTYPE=(.*)$/m.exec(stdout)?.[1];
  const what =
    type !== undefined ? `a ${type}` : found !== undefined ? `a ${found} partition table` : 'no file system';
  throw new EngineError('invalid', `${source} holds ${what}, not one of ${[...known].join(', ')}`, {
    source,
  });
}

async function openDevice(
  device: string,
  spec: FilesystemSpec,
  context: StorageContext,
  undo: Undo,
): Promise<Opened> {
  const type = await typeOf(device, spec.source);
  const { attributes, data } = splitOptions(spec);
  const readOnly = withoutWriting.has(type) || (attributes & MountAttr.readOnly) !== 0;
  const disk = mountPoint(spec, context, 'disk', undo);
  await mount(device, disk, type, MountFlag.noDev | (readOnly ? MountFlag.readOnly : 0), data);
  const target = mountPoint(spec, context, 'root', undo);
  await attachMapped(disk, target, context, { attributes, mapped: !context.shifted });
  return { path: target, unmapped: disk, owner: rootOwner(context, context.shifted) };
}

async function kindOf(spec: FilesystemSpec): Promise<'file' | 'block' | 'other'> {
  const found = await stat(spec.source).catch((cause: unknown) => {
    throw new EngineError(
      'not-found',
      `there is no ${spec.source} on this host`,
      { source: spec.source },
      { cause },
    );
  });
  return found.isFile() ? 'file' : found.isBlockDevice() ? 'block' : 'other';
}

const asLargeAsItsSource = () => ({ how: 'as large as its source: limits are recorded', isWhole: true });

export const file: Backend = {
  limits: false,
  async check(spec) {
    if ((await kindOf(spec)) !== 'file')
      throw new EngineError('invalid', `${spec.source} is not a file with a file system in it`, {
        source: spec.source,
      });
  },
  async open(spec, context, undo) {
    await file.check(spec, context);
    using device = attachLoop(spec.source, { readOnly: spec.readOnly });
    return await openDevice(device.path, spec, context, undo);
  },
  keeping: asLargeAsItsSource,
  disks: ({ source }) => loopsOver(source),
};

export const block: Backend = {
  limits: false,
  async check(spec) {
    if ((await kindOf(spec)) !== 'block')
      throw new EngineError('invalid', `${spec.source} is not a block device`, { source: spec.source });
  },
  async open(spec, context, undo) {
    await block.check(spec, context);
    return await openDevice(spec.source, spec, context, undo);
  },
  keeping: asLargeAsItsSource,
  disks: ({ source }) => diskOfDevice(source),
};
