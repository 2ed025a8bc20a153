// Rows of numbers in a ring, each at the place that its time has: a row whose stamp does not belong there is a gap. There is no head,
// nothing is synced, and nothing has to be repaired.
// SPDX-License-Identifier: Apache-2.0
import { series, type Values } from './series.js';

/** Bytes that stay where they are: a file, or memory. */
export interface Store {
  /** Fewer where there are no more; valid until the next access. */
  read(at: number, length: number): Buffer;
  /** Keeps none of the buffers. */
  write(...pieces: readonly Piece[]): void;
}

/** Bytes, and where they go. */
export type Piece = readonly [at: number, bytes: Buffer];

/** How a ring lies in its store. */
export interface RingShape {
  readonly stepSeconds: number;
  readonly rows: number;
  /** From the beginning of a row to that of the next one. */
  readonly rowBytes: number;
  /** Where averages begin. */
  readonly at: number;
  /** Where the highest numbers begin; undefined where rows have none. */
  readonly mostAt: number | undefined;
}

/** What a row tells of its step. */
export interface Row {
  readonly average: Values;
  readonly most: Values;
}

/** A stamp and a float for each series. */
export const HALF_BYTES = 4 + 4 * series.length;

/** What is written is copied at once. */
const averages = Buffer.alloc(HALF_BYTES);
const mosts = Buffer.alloc(HALF_BYTES);

/** One ring. A stamp is the number of a step since 1970. */
export class Ring {
  constructor(
    readonly shape: RingShape,
    private readonly store: Store,
  ) {}

  put(stamp: number, { average, most }: Row): void {
    const { at, mostAt } = this.shape;
    putHalf(averages, stamp, average);
    putHalf(mosts, stamp, most);
    const both = [[this.#placeOf(stamp, at), averages]] as const;
    if (mostAt === undefined) this.store.write(...both);
    else this.store.write(...both, [this.#placeOf(stamp, mostAt), mosts]);
  }

  /** From the first stamp to the last one, with both; undefined is a gap. Older ones than there is room for are gaps. */
  get(first: number, last: number): (Row | undefined)[] {
    const { at, mostAt } = this.shape;
    const most = mostAt === undefined ? [] : this.#halves(mostAt, first, last);
    // A row of before there were any had no highest numbers.
    return this.#halves(at, first, last).map(
      (average, index) => average && { average, most: most[index] ?? average },
    );
  }

  #halves(begin: number, first: number, last: number): (Values | undefined)[] {
    const { rows, rowBytes } = this.shape;
    const oldest = Math.max(first, last - rows + 1);
    const halves: (Values | undefined)[] = Array.from({ length: Math.max(0, oldest - first) });
    for (let from = oldest; from <= last; ) {
      const to = Math.min(last, from + rows - (from % rows) - 1);
      const bytes = this.store.read(this.#placeOf(from, begin), (to - from) * rowBytes + HALF_BYTES);
      for (let stamp = from; stamp <= to; stamp++)
        halves.push(halfIn(bytes, (stamp - from) * rowBytes, stamp));
      from = to + 1;
    }
    return halves;
  }

  #placeOf(stamp: number, begin: number): number {
    return begin + (stamp % this.shape.rows) * this.shape.rowBytes;
  }
}

function putHalf(bytes: Buffer, stamp: number, values: Values): void {
  bytes.writeUInt32LE(stamp, 0);
  for (let index = 0; index < series.length; index++)
    bytes.writeFloatLE(values[index] ?? Number.NaN, 4 + 4 * index);
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

  write(...pieces: readonly Piece[]): void {
    for (const [at, bytes] of pieces) bytes.copy(this.#bytes, at);
  }
}
