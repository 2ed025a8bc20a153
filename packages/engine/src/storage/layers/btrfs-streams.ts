// Subvolumes on their way to another host: copies of a moment, sent by what differs from the one before, received in confinement.
// SPDX-License-Identifier: Apache-2.0
import { readdirSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../../errors.js';
import { createSubvolume, holesIn, keepSubvolume, removeSubvolume } from '../../host/btrfs.js';
import { removeTree } from '../../host/files.js';
import { Child } from '../../templates/archive/child.js';
import { tethered } from '../../templates/archive/confined.js';
import { writeConfined } from '../../templates/archive/confined-writer.js';
import { outputOf } from '../../templates/archive/output.js';
import type { OwnStreams } from '../contract/backend.js';
import type { Place } from './layer.js';
import { KEEP_FILES, losing } from './received-tree.js';
import { treePath } from './tree.js';

const COPIES = '.stream-';
/**
 * Where the copies of a layer are, by their numbers. It is a subvolume itself: `btrfs receive` finds the copy that a stream is based on
 * by its path below the root of the subvolume that it is mounted from.
 */
const copiesOf = ({ folder, key }: Place): string => join(folder, `${COPIES}${key}`);
const copyOf = (place: Place, number: number): string => join(copiesOf(place), String(number));

export const btrfsStreams = (place: Place): OwnStreams => ({
  form: 'btrfs-1',

  async *send({ number, folder, signal }) {
    if (number === 1) await begin(place);
    const copy = copyOf(place, number);
    await keepSubvolume(treePath({ ...place, folder }), copy);
    // Of what the domain has now its list says so, and it all goes as archives then; of a snapshot nothing takes a stream's place afterwards.
    if (folder !== place.folder) await refuseHoles(copy);
    const argv = ['btrfs', 'send', '-q', ...(number === 1 ? [] : ['-p', copyOf(place, number - 1)]), copy];
    await using child = new Child(tethered(argv), { signal });
    yield* outputOf(child, { failed: 'btrfs could not send what the domain wrote', argv, signal });
  },

  async sent(number) {
    if (number > 1) await removeSubvolume(copyOf(place, number - 1));
  },

  async receive(number, bytes) {
    try {
      if (number === 1) await begin(place);
      await receiveCopy(place, number, bytes);
      if (number > 1) await removeSubvolume(copyOf(place, number - 1));
    } catch (error) {
      await removeTree(copiesOf(place));
      throw error;
    }
  },
});

/** All that a domain's layers have kept. */
export async function forgetCopies(folder: string): Promise<void> {
  for (const name of readdirSync(folder)) if (name.startsWith(COPIES)) await removeTree(join(folder, name));
}

/** What stands in a copy for a subvolume of the copied one is a folder that no stream has. */
async function refuseHoles(copy: string): Promise<void> {
  if ((await holesIn(copy)).length === 0) return;
  throw new EngineError(
    'unsupported',
    'a snapshot has the place of a subvolume, which no stream of btrfs has',
  );
}

async function begin(place: Place): Promise<void> {
  await removeTree(copiesOf(place));
  await createSubvolume(copiesOf(place));
}

/** The command that ends each stream: a length of 0, its number and its checksum. Without it btrfs takes what ends between two commands for whole. */
const END = Buffer.from('000000001500506cc99d', 'hex');

/** The names that a layer is made by here. */
const MADE = 'layer';

/** Subvolumes that a stream puts into another are empty folders in what is made of it. */
const RECEIVE = `set -e
number=$1; shift
btrfs -q receive -e -m /target /target >&2
btrfs -q subvolume snapshot "./$number" ${MADE} >&2
cd ${MADE}
${KEEP_FILES}`;

async function receiveCopy(place: Place, number: number, bytes: AsyncIterable<Buffer>): Promise<void> {
  let end = Buffer.alloc(0);
  const watched = async function* () {
    for await (const piece of bytes) {
      end = Buffer.from(Buffer.concat([end, piece.subarray(-END.length)]).subarray(-END.length));
      yield piece;
    }
  };
  const path = copiesOf(place);
  const argv = ['sh', '-c', RECEIVE, 'sh', String(number), ...losing];
  const failed = "btrfs could not receive the domain's files";
  await writeConfined({ path, within: (start) => start() }, argv, { bytes: watched(), failed });
  if (!end.equals(END)) throw new EngineError('invalid', "the stream of the domain's files ends too early");
  await removeSubvolume(treePath(place));
  await rename(join(path, MADE), treePath(place));
}
