// Datasets of ZFS on their way to another host: moments, sent by what differs from the one before, each received into a dataset of its own.
// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EngineError } from '../../errors.js';
import { newMount } from '../../host/mount-calls.js';
import { PrivateMounts } from '../../host/private-mounts.js';
import { nameVolume, removeWithVolumes, volumeAt, volumesIn } from '../../host/volumes.js';
import { asLayer } from '../../host/zfs.js';
import {
  copiedAt,
  forgetMoment,
  forgetMoments,
  isEarlier,
  isSent,
  keepMoment,
  momentsOf,
  newMoment,
  zfsVersion,
} from '../../host/zfs-moments.js';
import { Child } from '../../templates/archive/child.js';
import { tethered } from '../../templates/archive/confined.js';
import { feedConfined, writeConfined } from '../../templates/archive/confined-writer.js';
import { outputOf } from '../../templates/archive/output.js';
import type { OwnStreams } from '../contract/backend.js';
import type { Place } from './layer.js';
import { KEEP_FILES, losing } from './received-tree.js';
import { datasetOf, namePath, newIn, ofDataset } from './zfs-dataset.js';
import { HEAD_BYTES, readHead } from './zfs-head.js';

/** By what `zfs send` of that version writes without being asked for more. An earlier one shows no layer by the container's ids. */
const FORM = 'zfs-2.2';
const isKnown = (): boolean => {
  const [major, minor] = zfsVersion() ?? [0, 0];
  return major > 2 || (major === 2 && minor >= 2);
};

export const zfsStreams = (place: Place): OwnStreams | undefined => {
  if (!isKnown()) return undefined;
  let before: string | undefined;
  let last: string | undefined;
  return {
    form: FORM,

    async *send({ folder, signal }) {
      const dataset = datasetOf({ ...place, folder });
      const argv = ['zfs', 'send'];
      const kept = folder === place.folder ? undefined : await copiedAt(dataset);
      [before, last] = [last, kept ?? (await keepMoment(dataset))];
      if (before !== undefined && (await isEarlier(before, last))) argv.push('-i', before);
      argv.push(last);
      await using child = new Child(tethered(argv), { signal });
      yield* outputOf(child, { failed: 'ZFS could not send what the domain wrote', argv, signal });
    },

    async sent() {
      if (before !== undefined && isSent(before)) await forgetMoment(before);
      before = undefined;
    },

    receive: async (_number, bytes) => await receive(place, bytes),
  };
};

/** All that streams have kept of a domain's layers and its snapshots'. */
export async function forgetSent(folder: string): Promise<void> {
  const datasets = volumesIn(folder, '.zfs').map(({ name }) => name);
  await forgetMoments(datasets);
}

const besides = (name: string, { folder, key }: Place): string => join(folder, `.${name}-${key}.zfs`);

/**
 * What came before is not touched until all of the stream is there. Its dataset is new, so that ZFS mounts, rolls back and takes apart
 * nothing, and it stands on a moment of this layer's own or on nothing.
 */
async function receive(place: Place, bytes: AsyncIterable<Buffer>): Promise<void> {
  const { head, all } = await headed(bytes);
  const { base: guid } = readHead(head);
  const { name: old, from } = volumeAt(namePath(place));
  const base =
    guid && (await momentsOf(old)).find((moment) => isSent(moment.name) && moment.guid === guid)?.name;
  if (guid !== undefined && base === undefined)
    throw new EngineError('invalid', "the stream of the domain's files stands on one that did not come here");
  const [coming, gone] = [besides('coming', place), besides('gone', place)];
  for (const left of [coming, gone]) if (existsSync(left)) await removeWithVolumes(left);
  const name = newIn(dirname(old));
  await nameVolume(coming, { name });
  try {
    await feedConfined(receiving(newMoment(name), base), CONFINED, { bytes: all, failed });
    await keepFiles(name, place);
  } catch (error) {
    await removeWithVolumes(coming);
    throw error;
  }
  await nameVolume(gone, { name: old, from });
  await rename(coming, namePath(place));
  await forgetMoments([old]);
  await removeWithVolumes(gone);
}

const failed = "ZFS could not receive the domain's files";

/** The kernel asks for it, whatever the dataset; nothing of the host's files, processes and networks is there to be used with it. */
const CONFINED = {
  capabilities: ['CAP_SYS_ADMIN'],
  devices: ['/dev/zfs'],
  // Says which properties there are.
  binds: [{ from: '/sys/module/zfs', to: '/sys/module/zfs' }],
} as const;

/** Never the stream's to say, whatever form it has. */
const HERE_ALONE = ['setuid', 'devices', 'exec', 'quota', 'refquota', 'encryption', 'sharenfs', 'sharesmb'];

/** Nothing of what ends too early stays, as `-s` would have it. */
export function receiving(moment: string, base: string | undefined): string[] {
  const argv = ['zfs', 'receive', '-u', ...asLayer];
  if (base !== undefined) argv.push('-o', `origin=${base}`);
  return [...argv, ...HERE_ALONE.flatMap((property) => ['-x', property]), moment];
}

/** On a mount that nobody else finds. */
async function keepFiles(name: string, place: Place): Promise<void> {
  using disk = await newMount(ofDataset(name));
  using mounts = PrivateMounts.open(place.folder);
  const path = mounts.attach(disk, 'received');
  const argv = ['sh', '-ec', `${KEEP_FILES}\nsync --file-system .`, 'sh', ...losing];
  await writeConfined({ path, within: (start) => mounts.within(start) }, argv, { bytes: nothing(), failed });
}

async function* nothing(): AsyncGenerator<Buffer> {}

/** The first bytes, and all of them. */
async function headed(
  bytes: AsyncIterable<Buffer>,
): Promise<{ readonly head: Buffer; readonly all: AsyncIterable<Buffer> }> {
  const pieces = bytes[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  while (head.length < HEAD_BYTES) {
    const { done, value } = await pieces.next();
    if (done === true) break;
    head = Buffer.concat([head, value]);
  }
  const all = async function* () {
    yield head;
    for (;;) {
      const { done, value } = await pieces.next();
      if (done === true) return;
      yield value;
    }
  };
  return { head, all: all() };
}
