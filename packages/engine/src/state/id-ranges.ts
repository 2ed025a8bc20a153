// Host ids for user namespaces: each domain leases a range of its own, and no range comes back while files have its ids.
// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { EngineError } from '../errors.js';

/** Ids in each range: as many as 16 bits can number. */
export const RANGE_SIZE = 65536;

/** Where ranges may be leased: first and last host id. */
export interface IdWindow {
  readonly first: number;
  readonly last: number;
}

/**
 * Window of the system's own daemon. shadow hands out sub-ids to 600,100,000 by default; ids from 2^31 on are left to daemons with a
 * root of their own, so that two daemons on one host do not share ids.
 */
export const systemWindow: IdWindow = { first: 0x40000000, last: 0x7ffeffff };
/** Window of daemons with a root of their own. */
export const privateWindow: IdWindow = { first: 0x80000000, last: 0xfffdffff };

/** Leases ranges, and remembers which ones were ever leased. */
export class IdRanges {
  readonly #leased = new Set<number>();
  readonly #ever = new Set<number>();
  #next: number;

  /** Daemons that share a window begin at places of their own, each made from its `seed`, so that they do not meet. */
  constructor(
    private readonly window: IdWindow,
    seed?: string,
  ) {
    const place =
      seed === undefined ? 0 : createHash('sha256').update(seed).digest().readUInt32BE() % this.#steps;
    this.#next = window.first + place * RANGE_SIZE;
  }

  get #steps(): number {
    return Math.floor((this.window.last + 1 - this.window.first) / RANGE_SIZE);
  }

  /** Leases the next free range; ranges are used in turn, so that a returned one rests as long as it can. */
  lease(): number {
    const steps = this.#steps;
    for (let step = 0; step < steps; step++) {
      const start = this.#next;
      this.#next += RANGE_SIZE;
      if (this.#next + RANGE_SIZE - 1 > this.window.last) this.#next = this.window.first;
      if (!this.#leased.has(start)) {
        this.claim(start);
        return start;
      }
    }
    throw new EngineError(
      'in-use',
      `no id range is free: all ${steps} between ${this.window.first} and ${this.window.last} are leased`,
    );
  }

  /** Marks a range found in a record or beside kept files as leased. */
  claim(start: number): void {
    this.#leased.add(start);
    this.#ever.add(start);
    if (start >= this.#next && start + 2 * RANGE_SIZE - 1 <= this.window.last)
      this.#next = start + RANGE_SIZE;
  }

  /** The same of each range that has one of these ids of the host, of those that could be leased here. */
  claimAround(id: number, count = 1): void {
    const { first, last } = this.window;
    const from = Math.max(id, first);
    const begin = from - ((from - first) % RANGE_SIZE);
    for (let start = begin; start < Math.min(id + count, last + 1); start += RANGE_SIZE) this.claim(start);
  }

  /** Whether this daemon has leased the range since it started, or found it leased. */
  everLeased(start: number): boolean {
    return this.#ever.has(start);
  }

  release(start: number): void {
    this.#leased.delete(start);
  }

  /** Whether any leased range has an id in [start, start + count). */
  overlaps(start: number, count: number): boolean {
    for (const range of this.#leased) if (range < start + count && start < range + RANGE_SIZE) return true;
    return false;
  }
}
