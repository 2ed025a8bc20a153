// Writes a tree as a unified image of Incus and LXD: its root beside a description, in one packed tar.
// SPDX-License-Identifier: Apache-2.0
import { Readable } from 'node:stream';
import { writeNewFile } from '../../host/new-file.js';
import { memberBlocks } from '../archive/tar-write.js';
import { hostKernelMachine } from './machines.js';
import { type Exported, packedTree, type TreeToWrite, type Writing, writeGzip } from './pack.js';

/** Its fingerprint is that of the file. */
export function writeLxcImage(tree: TreeToWrite, writing: Writing): Promise<Exported> {
  return writeNewFile(writing.target, (out) => writeGzip(imageBytes(tree, writing), out, writing));
}

async function* imageBytes(tree: TreeToWrite, writing: Writing): AsyncGenerator<Buffer> {
  // First, for whoever looks what it is.
  const text = Buffer.from(metadataOf(tree));
  const mtime = secondsOf(tree.created);
  const size = text.length;
  yield* memberBlocks(
    { kind: 'file', path: 'metadata.yaml', mode: 0o644, uid: 0, gid: 0, mtime, size },
    Readable.from([text]),
  );
  // What links lead to is the container's own business, but for hard links, which name members.
  yield* packedTree(tree, writing, '--sparse', '--transform=s,^\\.,rootfs,S');
}

const secondsOf = (created: string): number => Math.floor(Date.parse(created) / 1000);

function metadataOf({ name, created, arch, os }: TreeToWrite): string {
  const architecture = arch ?? hostKernelMachine();
  const properties = { architecture, description: os === undefined ? name : `${name}: ${os}`, name };
  // What JSON quotes YAML reads alike.
  const lines = Object.entries(properties).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`);
  return `architecture: ${JSON.stringify(architecture)}\ncreation_date: ${secondsOf(created)}\nproperties:\n${lines.join('')}`;
}
