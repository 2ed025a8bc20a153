// Rows of numbers in a ring, each at the place that its time has: a row whose stamp does not belong there is a gap. There is no head,
// nothing is synced, and nothing has to be repaired.
// SPDX-License-Identifier: Apache-2.0
import { series, type Values } from './series.js';

/** Bytes that stay where they are: a file, or memory. */
export interface Store {
  /** Fewer where there are no more; valid until the next access. */
  read(at: number, length: number): Buffer;
  /** Keeps none of the buffer. */
  write(at: number, bytes: Buffer): void;
}

/** How a ring lies in its store. */
export interface RingShape {
  readonly stepSeconds: number;
  readonly rows: number;
  /** Where it begins. */
  readonly at: number;
  /** Whether a row has the highest numbers beside the averages. */
  readonly hasMost: boolean;
}

/** What a row tells of its step. */
export interface Row {
  readonly average: Values;
  readonly most: Values;
}

/** A stamp and a float for each series. */
const HALF_BYTES = 4 + 4 * series.length;

/** What is written is copied at once. */
const scratch = Buffer.alloc(2 * HALF_BYTES);
const half = scratch.subarray(0, HALF_BYTES);

const rowBytesOf = ({ hasMost }: RingShape): number => (hasMost ? 2 * HALF_BYTES : HALF_BYTES);
export const ringBytesOf = (shape: RingShape): number => shape.rows * rowBytesOf(shape);

/** One ring. A stamp is the number of a step since 1970. */
export class Ring {
  constructor(
    readonly shape: RingShape,
    private readonly store: Store,
  ) {}

  put(stamp: number, { average, most }: Row): void {
    putHalf(scratch, 0, stamp, average);
    if (this.shape.hasMost) putHalf(scratch, HALF_BYTES, stamp, most);
    this.store.write(this.#placeOf(stamp), this.shape.hasMost ? scratch : half);
  }

  /** From the first stamp to the last one, with both; undefined is a gap. Older ones than there is room for are gaps. */
  get(first: number, last: number): (Row | undefined)[] {
    const oldest = Math.max(first, last - this.shape.rows + 1);
    const rows: (Row | undefined)[] = Array.from({ length: Math.max(0, oldest - first) });
    for (let from = oldest; from <= last; ) {
      const slot = from % this.shape.rows;
      const to = Math.min(last, from + this.shape.rows - slot - 1);
      const bytes = this.store.read(this.#placeOf(from), (to - from + 1) * rowBytesOf(this.shape));
      for (let stamp = from; stamp <= to; stamp++)
        rows.push(this.#rowIn(bytes, (stamp - from) * rowBytesOf(this.shape), stamp));
      from = to + 1;
    }
    return rows;
  }

  #placeOf(stamp: number): number {
    return this.shape.at + (stamp % this.shape.rows) * rowBytesOf(this.shape);
  }

  #rowIn(bytes: Buffer, at: number, stamp: number): Row | undefined {
    const average = halfIn(bytes, at, stamp);
    if (!this.shape.hasMost) return average && { average, most: average };
    const most = halfIn(bytes, at + HALF_BYTES, stamp);
    return average && most && { average, most };
  }
}

function putHalf(bytes: Buffer, at: number, stamp: number, values: Values): void {
  bytes.writeUInt32LE(stamp, at);
  for (let index = 0; index < series.length; index++)
    bytes.writeFloatLE(values[index] ?? Number.NaN, at + 4 + 4 * index);
}

function halfIn(bytes: Buffer, at: number, stamp: number): Values | undefined {
  if (bytes.length < at + HALF_BYTES || bytes.readUInt32LE(at) !== stamp) return undefined;
  const values: number[] = [];
  for (let index = 0; index < series.length; index++) values.push(bytes.readFloatLE(at + 4 + 4 * index));
  return values;
}

/** Memory as a store. */
export class MemoryStore implements Store {
  readonly #bytes: Buffer;

  constructor(length: number) {
    this.#bytes = Buffer.alloc(length);
  }

  read(at: number, length: number): Buffer {
    return this.#bytes.subarray(at, at + length);
  }

  write(at: number, bytes: Buffer): void {
    bytes.copy(this.#bytes, at);
  }
}
