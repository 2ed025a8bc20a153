// What is written of a tree, as a tar, and where to: a file that was not there before.
// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { WriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { Child } from '../archive/child.js';
import { confinedArgv } from '../archive/confined.js';
import type { ImportLimits } from '../archive/limits.js';
import { outputOf } from '../archive/output.js';
import type { ImageDefaults } from './defaults.js';

/** A tree, and what is said of it. */
export interface TreeToWrite {
  readonly path: string;
  /** Starts what finds the tree, where that is not everybody. */
  readonly within?: (start: () => Child) => Child;
  readonly name: string;
  /** ISO 8601, UTC. */
  readonly created: string;
  /** Machine in libvirt's words. */
  readonly arch?: string | undefined;
  /** The system's own name of itself. */
  readonly os?: string | undefined;
  /** What a container of it starts. */
  readonly image?: ImageDefaults | undefined;
}

/** How, and where to. */
export interface Writing {
  /** A path of its own, made here, for the caller to remove in any case. */
  readonly scratch: string;
  /** A file that is not there yet; of a failure nothing of it stays. */
  readonly target: string;
  readonly limits: ImportLimits;
  readonly signal?: AbortSignal | undefined;
  readonly onBytes?: (packed: number) => void;
}

const PACK = [
  'tar',
  '--create',
  '--file=-',
  '--format=pax',
  '--pax-option=delete=atime,delete=ctime',
  '--sort=name',
  '--numeric-owner',
  '--xattrs',
  '--xattrs-include=security.capability',
  '--xattrs-include=user.*',
  // A container may have made them, and who unpacks it is to take nothing for a whiteout.
  '--xattrs-exclude=user.overlay.*',
  '--directory=/source',
];

/** What was written. */
export interface Exported {
  /** Of the image. */
  digest: string;
  /** Length of the file. */
  sizeBytes: number;
}

/** The tree with `options` of tar's. */
export async function* packedTree(
  { path, within = (start) => start() }: Pick<TreeToWrite, 'path' | 'within'>,
  { limits, signal }: Pick<Writing, 'limits' | 'signal'>,
  ...options: readonly string[]
): AsyncGenerator<Buffer> {
  const { cpuSeconds, memoryBytes } = limits;
  const argv = [...PACK, ...options, '.'];
  const box = { source: path, capabilities: ['CAP_DAC_READ_SEARCH'], cpuSeconds, memoryBytes, fileBytes: 0 };
  await using child = within(() => new Child(confinedArgv(argv, box), { signal }));
  yield* outputOf(child, { failed: 'tar could not pack the tree', argv, signal });
}

/** Passes bytes on that are looked at. */
export async function* seen(
  chunks: AsyncIterable<Buffer>,
  see: (chunk: Buffer) => void,
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    see(chunk);
    yield chunk;
  }
}

/** Packs the bytes; what is told is of the packed ones. */
export async function writeGzip(
  bytes: AsyncIterable<Buffer>,
  out: WriteStream,
  { signal, onBytes }: Writing,
): Promise<Exported> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const measured = (chunks: AsyncIterable<Buffer>) =>
    seen(chunks, (chunk) => {
      hash.update(chunk);
      sizeBytes += chunk.length;
      onBytes?.(sizeBytes);
    });
  const source = Readable.from(bytes, { objectMode: false });
  const options = signal === undefined ? {} : { signal };
  await pipeline(source, createGzip({ level: 6 }), measured, out, options);
  return { digest: `sha256:${hash.digest('hex')}`, sizeBytes };
}
