// A file system on a device of the host's: what it holds, mounted for one container alone.
// SPDX-License-Identifier: Apache-2.0
import { EngineError } from '../../errors.js';
import { MountAttr, newMount } from '../../host/mount-calls.js';
import { run } from '../../host/run.js';
import type { Undo } from '../../host/undo.js';
import type { FilesystemSpec, Keeping, OpenContext, Opened, StorageContext } from '../contract/backend.js';
import type { Source } from '../contract/sources.js';
import { handOver, splitOptions } from './mounting.js';

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

export async function openDevice(
  device: string,
  spec: FilesystemSpec,
  context: OpenContext,
  undo: Undo,
): Promise<Opened> {
  const type = await typeOf(device, spec.source);
  const { attributes, data } = splitOptions(spec);
  const readOnly = withoutWriting.has(type) || (attributes & MountAttr.readOnly) !== 0;
  // Attached nowhere as it is: what the container's root makes setuid there is root's on this host.
  using tree = await newMount({
    type,
    source: device,
    data,
    attributes: MountAttr.noDev | (readOnly ? MountAttr.readOnly : 0),
  });
  return await handOver(spec, tree, context, undo, attributes);
}

export function openSource(
  spec: FilesystemSpec,
  { sources, shifted }: StorageContext,
  wanted: 'file' | 'device',
): Source {
  const source = sources.open(spec, shifted);
  if (source.is === wanted) return source;
  source[Symbol.dispose]();
  const what = wanted === 'file' ? 'a file with a file system in it' : 'a block device';
  throw new EngineError('invalid', `${spec.source} is not ${what}`, { source: spec.source });
}

export const asLargeAsItsSource = (): Keeping => ({
  how: 'as large as its source: limits are recorded',
  isWhole: true,
});
