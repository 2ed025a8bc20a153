// Opens an archive once and counts and hashes the very bytes that are used.
// SPDX-License-Identifier: Apache-2.0
import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { refuse, TemplateError } from './errors.js';

/** What the caller says the archive is; checked over the bytes read. */
export interface Expected {
  /** `sha256:` and 64 hex digits. */
  digest?: string;
  sizeBytes?: number;
}

/** Bytes with their length, if it is known beforehand. */
export interface OpenSource {
  stream: Readable;
  sizeBytes?: number;
  label: string;
}

/** Opens a file without following a link and without waiting for a pipe's other end. */
export async function openSource(source: string | Readable, label?: string): Promise<OpenSource> {
  if (typeof source !== 'string') return { stream: source, label: label ?? 'upload' };
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(source, flags).catch((cause: NodeJS.ErrnoException) => {
    const isMissing = cause.code === 'ENOENT';
    const why =
      cause.code === 'ELOOP' ? 'is a symbolic link: give the file itself' : `cannot be read (${cause.code})`;
    throw new TemplateError(
      isMissing ? 'not-found' : 'invalid',
      isMissing ? `there is no ${source} on this host` : `${source} ${why}`,
      { reason: 'source' },
      cause,
    );
  });
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw refuse('source', `${source} is not a file`);
    const stream = file.createReadStream({ highWaterMark: 256 * 1024 });
    return { stream, sizeBytes: stat.size, label: label ?? source };
  } catch (error) {
    await file.close();
    throw error;
  }
}

const digestPattern = /^sha256:[0-9a-f]{64}$/;

/** A stream's bytes, passed on while they are counted and hashed. */
export class MeasuredSource {
  readonly #stream: Readable;
  readonly #expected: Expected;
  readonly #limit: number;
  readonly #hash: Hash = createHash('sha256');
  bytes = 0;

  constructor(stream: Readable, expected: Expected, limit: number) {
    if (expected.digest !== undefined && !digestPattern.test(expected.digest)) {
      throw refuse(
        'digest',
        `${JSON.stringify(expected.digest)} is no digest: write sha256: and 64 hex digits`,
      );
    }
    this.#stream = stream;
    this.#expected = expected;
    this.#limit = limit;
  }

  async *chunks(): AsyncGenerator<Buffer> {
    const most = this.#expected.sizeBytes ?? this.#limit;
    for await (const chunk of this.#stream) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk), 'utf8');
      this.bytes += bytes.length;
      if (this.bytes > most) {
        if (this.#expected.sizeBytes === undefined)
          throw refuse('limit', `the archive is longer than ${most} bytes`);
        throw refuse('size', `the archive is longer than the ${most} bytes it should have`);
      }
      this.#hash.update(bytes);
      yield bytes;
    }
  }

  /** After the last byte: the digest, if it and the length are as expected. */
  finish(): string {
    const { digest, sizeBytes } = this.#expected;
    if (sizeBytes !== undefined && this.bytes !== sizeBytes) {
      throw refuse('size', `the archive has ${this.bytes} bytes where it should have ${sizeBytes}`);
    }
    const found = `sha256:${this.#hash.digest('hex')}`;
    if (digest !== undefined && digest !== found) {
      throw refuse('digest', `the archive's digest is ${found} where it should be ${digest}`);
    }
    return found;
  }
}
