// Unpacks an inspected, canonical tar stream with GNU tar in confinement.
// SPDX-License-Identifier: Apache-2.0
import { Child } from './child.js';
import { confinedArgv, missingPackage } from './confined.js';
import { commandFailure } from './errors.js';
import type { ImportLimits } from './limits.js';

// Everything a tree of any owners and modes needs, and nothing that reaches beyond files.
const CAPABILITIES = ['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_FSETID', 'CAP_SETFCAP'];

const TAR = [
  'tar',
  '--extract',
  '--file=-',
  '--numeric-owner',
  '--same-owner',
  '--same-permissions',
  '--xattrs',
  '--xattrs-include=security.capability',
  '--no-acls',
  '--no-selinux',
  '--warning=no-timestamp',
];

/** What a container's own files have besides. */
const LAYER = ['--xattrs-include=user.*', '--xattrs-include=system.posix_acl_*'];

const GATHERED_BYTES = 128 * 1024;

/** The same bytes in fewer pieces: most files are small, and each piece would cost both sides a system call. */
async function* gathered(blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = [];
  let length = 0;
  for await (const block of blocks) {
    pieces.push(block);
    length += block.length;
    if (length < GATHERED_BYTES) continue;
    yield pieces.length === 1 ? block : Buffer.concat(pieces, length);
    pieces = [];
    length = 0;
  }
  if (length > 0) yield Buffer.concat(pieces, length);
}

/** Where and of what it is unpacked. */
export interface Unpacking {
  readonly signal?: AbortSignal | undefined;
  /** A container's own files, with attributes of theirs. */
  readonly isLayer?: boolean;
  /** Starts what finds `target`, where that is not everybody. */
  readonly within?: (start: () => Child) => Child;
}

/**
 * Writes `blocks` into `target`, a fresh empty folder. Throws whatever `blocks` throws, or `commandFailure`; in each case the tree is incomplete and the caller removes it.
 */
export async function unpack(
  blocks: AsyncIterable<Buffer>,
  target: string,
  limits: ImportLimits,
  { signal, isLayer = false, within = (start) => start() }: Unpacking = {},
): Promise<void> {
  const argv = isLayer ? [...TAR, ...LAYER] : TAR;
  const box = {
    target,
    capabilities: CAPABILITIES,
    cpuSeconds: limits.cpuSeconds,
    memoryBytes: limits.memoryBytes,
    fileBytes: limits.fileBytes,
  };
  await using child = within(() => new Child(confinedArgv(argv, box), { signal }));
  // One complaint is enough: GNU tar would go on with the next member, even on a full disk.
  child.onComplaint(() => child.kill());
  await child.feed(gathered(blocks));
  const status = await child.ended;
  signal?.throwIfAborted();
  if (status === 0 && child.complaint === '') return;
  const stderr = child.complaint;
  throw commandFailure('tar could not unpack the archive', { argv, status, stderr }, missingPackage(stderr));
}
