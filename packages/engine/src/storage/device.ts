// A file system on a device: of a block device of the host, or of an image file through a loop device.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError } from '../errors.js';
import { diskOfDevice, loopsOver } from '../host/disks.js';
import { attachLoop, openImage } from '../host/loop.js';
import { MountAttr, newMount } from '../host/mount-calls.js';
import { run } from '../host/run.js';
import type { Undo } from '../host/undo.js';
import type { Backend, FilesystemSpec, OpenContext, Opened, StorageContext } from './backend.js';
import { handOver, splitOptions } from './mounting.js';
import type { Source } from './sources.js';

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

function openSource(
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

/** How long the file system of a container that has just ended may take to let its device go. */
const FREEING_MS = 2000;

/** Two that write to one device see each other's half-made changes, and the host's own mounts are not a container's. */
async function refuseInUse(source: Source): Promise<void> {
  for (const deadline = performance.now() + FREEING_MS; ; await sleep(1)) {
    try {
      closeSync(openSync(`/proc/self/fd/${source.fd}`, constants.O_RDONLY | constants.O_EXCL));
      return;
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'EBUSY')) throw cause;
      if (performance.now() < deadline) continue;
      throw new EngineError(
        'busy',
        `${source.path} is in use already: see \`findmnt ${source.path}\` and \`lsblk ${source.path}\` for what has it`,
        { source: source.path },
        { cause },
      );
    }
  }
}

const asLargeAsItsSource = () => ({ how: 'as large as its source: limits are recorded', isWhole: true });

export const file: Backend = {
  limits: false,
  async check(spec, context) {
    using _source = openSource(spec, context, 'file');
  },
  async open(spec, context, undo) {
    using source = openSource(spec, context, 'file');
    context.tell(source.remarks);
    const as = `/proc/self/fd/${source.fd}`;
    using image = await openImage(source.path, { readOnly: spec.readOnly, as });
    using device = attachLoop(image);
    return await openDevice(device.path, spec, context, undo);
  },
  keeping: asLargeAsItsSource,
  disks: ({ source }) => loopsOver(source),
};

export const block: Backend = {
  limits: false,
  async check(spec, context) {
    using _source = openSource(spec, context, 'device');
  },
  async open(spec, context, undo) {
    using source = openSource(spec, context, 'device');
    // Programs and the kernel find a device by its name alone.
    const [remark] = source.remarks;
    if (remark !== undefined) throw new EngineError('denied', remark, { source: spec.source });
    if (!spec.readOnly) await refuseInUse(source);
    return await openDevice(source.path, spec, context, undo);
  },
  keeping: asLargeAsItsSource,
  disks: ({ source }) => diskOfDevice(source),
};
