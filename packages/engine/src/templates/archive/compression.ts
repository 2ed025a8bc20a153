// Tells an archive's compression by its first bytes and undoes it in confinement.
// SPDX-License-Identifier: Apache-2.0
import { Child, type ExitStatus } from './child.js';
import { confinedArgv, missingPackage } from './confined.js';
import { commandFailure, refuse, TemplateError } from './errors.js';
import type { ImportLimits } from './limits.js';

/** One way an archive can be packed; without a command it is a plain tar. */
export interface Compression {
  name: string;
  magic: Buffer;
  at: number;
  command?: readonly string[];
}

const magic = (hex: string) => Buffer.from(hex, 'hex');

/** A tar as it is. */
export const PLAIN_TAR: Compression = { name: 'tar', magic: Buffer.from('ustar'), at: 257 };

/** The formats taken; a new one is one more row. */
export const COMPRESSIONS: readonly Compression[] = [
  PLAIN_TAR,
  { name: 'tar.gz', magic: magic('1f8b08'), at: 0, command: ['gzip', '-dc'] },
  {
    name: 'tar.xz',
    magic: magic('fd377a585a00'),
    at: 0,
    command: ['xz', '-dcq', '-T1'],
  },
  { name: 'tar.lzo', magic: magic('894c5a4f000d0a1a0a'), at: 0, command: ['lzop', '-dcq'] },
  { name: 'tar.zst', magic: magic('28b52ffd'), at: 0, command: ['zstd', '-dcq', '--long=29'] },
];

/** How many bytes `detectCompression` wants to see. */
export const MAGIC_BYTES = 512;

/** Tells the format by content, never by the file's name; throws `unsupported`. */
export function detectCompression(head: Buffer): Compression {
  const found = COMPRESSIONS.find(
    (row) => row.magic.compare(head.subarray(row.at, row.at + row.magic.length)) === 0,
  );
  if (found) return found;
  const known = COMPRESSIONS.map((row) => `.${row.name}`).join(', ');
  throw new TemplateError(
    'unsupported',
    head.length === 0 ? 'the archive is empty' : `the file is no archive this store takes: it takes ${known}`,
    { reason: 'format' },
  );
}

/** The packed stream's contents; ends only if the decompressor was content with every byte. */
export async function* decompress(
  packed: AsyncIterable<Buffer>,
  compression: Compression,
  limits: ImportLimits,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  if (!compression.command) {
    yield* packed;
    return;
  }
  const box = { cpuSeconds: limits.cpuSeconds, memoryBytes: limits.memoryBytes, fileBytes: 0 };
  await using child = new Child(confinedArgv(compression.command, box), { signal });
  // What is wrong with the source is the reason to tell, not the input the decompressor then misses.
  const fed = child.feed(packed).then(
    () => undefined,
    (error: unknown) => {
      child.kill();
      return { error };
    },
  );
  for await (const chunk of child.stdout) yield chunk;
  const [fault, status] = await Promise.all([fed, child.ended]);
  if (fault) throw fault.error;
  signal?.throwIfAborted();
  if (status !== 0) throw failure(compression, status, child.complaint);
}

function failure(compression: Compression, status: ExitStatus, stderr: string): TemplateError {
  const details = { argv: compression.command ?? [], status, stderr };
  const missing = missingPackage(stderr);
  if (missing !== undefined) return commandFailure(`cannot unpack a ${compression.name}`, details, missing);
  // Above 128 it is a signal's number, as bwrap and unshare pass it on.
  if (typeof status === 'string' || (status ?? 0) > 128) {
    return refuse(
      'limit',
      `unpacking the ${compression.name} took more memory or time than allowed (${status})`,
    );
  }
  return new TemplateError(
    'invalid',
    `the ${compression.name} is damaged or truncated: ${stderr || `exit status ${status}`}`,
    { ...details, reason: 'truncated' },
  );
}
