// Turns a squashfs image, as LXC's and Incus' servers hand out, into an archive for the ordinary inspection; the kernel never sees it.
// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { Child } from '../archive/child.js';
import { confinedArgv } from '../archive/confined.js';
import { refuse, TemplateError } from '../archive/errors.js';
import type { ImportLimits } from '../archive/limits.js';
import { outputOf } from '../archive/output.js';
import type { Budget } from '../archive/tar-reader.js';

/** First bytes of a squashfs image. */
export const SQUASHFS_MAGIC = Buffer.from('hsqs');

const IMAGE = 'image';
const ROOT = 'root';

/** Where the image has to lie in the folder. */
export const squashfsPath = (folder: string): string => join(folder, IMAGE);

// Its queues are a quarter of a gigabyte each by itself, more than its confinement lets it have.
const frugal = ['-no-progress', '-processors', '1', '-data-queue', '16', '-frag-queue', '16'];

// Whatever lies in /dev, a container gets its own.
const UNPACK = ['unsquashfs', ...frugal, '-quiet', '-excludes', '-dest', ROOT, IMAGE, 'dev'];
const LIST = ['unsquashfs', ...frugal, '-lln', IMAGE];
const PACK = [
  'tar',
  '--create',
  '--file=-',
  '--format=pax',
  '--numeric-owner',
  '--xattrs',
  '--xattrs-include=security.capability',
  `--directory=${ROOT}`,
  '.',
];

const WRITER = ['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_FSETID', 'CAP_SETFCAP'];
const READER = ['CAP_DAC_READ_SEARCH'];

/** What such a unpacking may do. */
export interface Squashfs {
  /** With the image in it; the tree comes beside it, and the caller removes both. */
  readonly folder: string;
  readonly limits: ImportLimits;
  readonly budget: Budget;
  readonly signal?: AbortSignal | undefined;
}

/** The archive of its tree. */
export async function* squashfsRoot(squashfs: Squashfs): AsyncGenerator<Buffer> {
  await weigh(squashfs);
  for await (const _said of output(squashfs, UNPACK, WRITER));
  yield* output(squashfs, PACK, READER);
}

/** Before anything is written: what is packed small may be of any length. */
async function weigh(squashfs: Squashfs): Promise<void> {
  const { limits, budget } = squashfs;
  let entries = 0;
  let bytes = 0;
  let rest = '';
  for await (const chunk of output(squashfs, LIST, [])) {
    const lines = (rest + chunk.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      bytes += Number(/^-\S+ +\d+\/\d+ +(\d+) /.exec(line)?.[1] ?? 0);
      if (++entries > limits.entries)
        throw refuse('limit', `the image has more than ${limits.entries} entries`);
    }
    if (rest.length > limits.pathBytes * 4) throw refuse('limit', 'the image has names without end');
    if (bytes > limits.unpackedBytes)
      throw refuse('limit', `the image unpacks to more than ${limits.unpackedBytes} bytes`);
    budget(bytes);
  }
}

/** What a confined program says, which has to end well. */
async function* output(
  { folder, limits, signal }: Squashfs,
  argv: readonly string[],
  capabilities: readonly string[],
): AsyncGenerator<Buffer> {
  const { cpuSeconds, memoryBytes, fileBytes } = limits;
  const box = { target: folder, capabilities, cpuSeconds, memoryBytes, fileBytes };
  await using child = new Child(confinedArgv(argv, box), { signal });
  try {
    yield* outputOf(child, { failed: 'the squashfs image could not be unpacked', argv, signal });
  } catch (error) {
    const isItsFault = error instanceof TemplateError && error.code === 'host-command';
    throw isItsFault ? refuse('format', error.message, error) : error;
  }
}
