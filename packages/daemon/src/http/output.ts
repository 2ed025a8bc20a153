// The last of what a program wrote, by its place in all that it wrote.
// SPDX-License-Identifier: Apache-2.0

/** A ring of bytes. */
export class Output {
  readonly #ring: Buffer;
  #end = 0;

  constructor(private readonly capacity: number) {
    this.#ring = Buffer.allocUnsafe(capacity);
  }

  /** So much was written. */
  get end(): number {
    return this.#end;
  }

  /** What was written before is not known any more. */
  get start(): number {
    return Math.max(0, this.#end - this.capacity);
  }

  push(chunk: Uint8Array): void {
    const kept = chunk.subarray(Math.max(0, chunk.length - this.capacity));
    this.#end += chunk.length - kept.length;
    const at = this.#end % this.capacity;
    const first = kept.subarray(0, this.capacity - at);
    this.#ring.set(first, at);
    this.#ring.set(kept.subarray(first.length), 0);
    this.#end += kept.length;
  }

  /** What was written from that place on, as far as it is known. */
  since(place: number): Buffer {
    const from = Math.max(place, this.start);
    if (from >= this.#end) return Buffer.alloc(0);
    const [at, to] = [from % this.capacity, this.#end % this.capacity];
    return at < to
      ? Buffer.from(this.#ring.subarray(at, to))
      : Buffer.concat([this.#ring.subarray(at), this.#ring.subarray(0, to)]);
  }
}
