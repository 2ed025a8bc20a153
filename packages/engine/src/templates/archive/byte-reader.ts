// Reads exact counts of bytes from a stream of chunks.
// SPDX-License-Identifier: Apache-2.0
import { refuse } from './errors.js';

const truncated = () => refuse('truncated', 'the archive ends in the middle: it is truncated');

/** Reads forward only; `close` releases the chunks' source. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #onTaken: ((bytes: Buffer) => void) | undefined;
  #chunk: Buffer = Buffer.alloc(0);

  /** `onTaken` is told of all that is taken, in order. */
  constructor(chunks: AsyncIterable<Buffer>, onTaken?: (bytes: Buffer) => void) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#onTaken = onTaken;
  }

  /** Exactly `count` bytes; undefined at the very end, an error when it comes in between. */
  async take(count: number): Promise<Buffer | undefined> {
    if (this.#chunk.length >= count) return this.#cut(count);
    const parts: Buffer[] = [];
    let missing = count;
    while (missing > 0) {
      if (this.#chunk.length === 0 && !(await this.#fill())) break;
      const part = this.#cut(Math.min(missing, this.#chunk.length));
      parts.push(part);
      missing -= part.length;
    }
    if (missing === 0) return Buffer.concat(parts);
    if (missing === count) return undefined;
    throw truncated();
  }

  /** Exactly `count` bytes that must be there. */
  async need(count: number): Promise<Buffer> {
    if (count === 0) return Buffer.alloc(0);
    const bytes = await this.take(count);
    if (bytes) return bytes;
    throw truncated();
  }

  /** Up to `count` bytes, at least one, in the chunks' own pieces. */
  async some(count: number): Promise<Buffer> {
    if (this.#chunk.length === 0 && !(await this.#fill())) throw truncated();
    return this.#cut(Math.min(count, this.#chunk.length));
  }

  /** The next bytes without taking them, fewer than `count` only at the end. */
  async peek(count: number): Promise<Buffer> {
    while (this.#chunk.length < count) {
      const next = await this.#chunks.next();
      if (next.done) break;
      this.#chunk = Buffer.concat([this.#chunk, next.value]);
    }
    return this.#chunk.subarray(0, count);
  }

  /** All that is left, in the chunks' own pieces; closes the source when left early. */
  async *rest(): AsyncGenerator<Buffer> {
    try {
      while (this.#chunk.length > 0 || (await this.#fill())) yield this.#cut(this.#chunk.length);
    } finally {
      await this.close();
    }
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  #cut(count: number): Buffer {
    const part = this.#chunk.subarray(0, count);
    this.#chunk = this.#chunk.subarray(count);
    this.#onTaken?.(part);
    return part;
  }

  async #fill(): Promise<boolean> {
    while (this.#chunk.length === 0) {
      const next = await this.#chunks.next();
      if (next.done) return false;
      this.#chunk = next.value;
    }
    return true;
  }
}
