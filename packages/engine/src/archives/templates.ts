// A template in the archive of a domain: its tree, always in the same order and form, so that it has a digest of its own.
// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { type TarEntry, TarReader } from '../templates/archive/tar-reader.js';
import { endOfArchive, type Member, memberBlocks } from '../templates/archive/tar-write.js';
import { packedTree } from '../templates/image/pack.js';
import type { Packing } from './layers.js';

/** The members of an unpacked tree. */
export async function* packTemplate(path: string, packing: Packing): AsyncGenerator<TarEntry> {
  const bytes = packedTree({ path }, packing);
  yield* new TarReader(bytes, packing.limits, undefined, { layers: true }).members();
}

/** The same as blocks of a tar that goes on. */
export async function* treeBlocks(
  entries: AsyncIterable<TarEntry>,
  place: (member: Member) => Member = (member) => member,
): AsyncGenerator<Buffer> {
  for await (const { member, data } of entries)
    if (member !== undefined) yield* memberBlocks(place(member), data);
}

/** The same as a whole archive, as template import takes it. */
export async function* treeArchive(entries: AsyncIterable<TarEntry>): AsyncGenerator<Buffer> {
  yield* treeBlocks(entries);
  yield endOfArchive();
}

/** By this a tree is known, whatever archive it was unpacked of. */
export async function treeDigest(path: string, packing: Packing): Promise<string> {
  const hash = createHash('sha256');
  for await (const block of treeArchive(packTemplate(path, packing))) hash.update(block);
  return `sha256:${hash.digest('hex')}`;
}
