// Refusals that are still to be told: the first at once, then no more than one word of each kind in a while.
// SPDX-License-Identifier: Apache-2.0
import type { Rise } from './account.js';
import type { Refusal } from './sources.js';

/** What is told: so many since it was told last, so many in all. */
export interface Telling {
  readonly refusal: Refusal;
  readonly rise: number;
  readonly failcnt: number;
}

/** A program that is refused tries again and again. */
const QUIET_MS = 10_000;

/** Collects refusals of one run, and returns those that are due. */
export class Tidings {
  readonly #waiting = new Map<Refusal, Telling>();
  readonly #toldMs = new Map<Refusal, number>();

  add({ refusal, by, total }: Rise): void {
    const rise = (this.#waiting.get(refusal)?.rise ?? 0) + by;
    this.#waiting.set(refusal, { refusal, rise, failcnt: total });
  }

  /** What may be told now. */
  due(nowMs: number): Telling[] {
    if (this.#waiting.size === 0) return [];
    return [...this.#waiting.values()].filter(({ refusal }) => {
      const told = this.#toldMs.get(refusal);
      if (told !== undefined && nowMs - told < QUIET_MS) return false;
      this.#toldMs.set(refusal, nowMs);
      this.#waiting.delete(refusal);
      return true;
    });
  }

  /** All that waits, since there will be no more. */
  rest(): Telling[] {
    const left = [...this.#waiting.values()];
    this.#waiting.clear();
    return left;
  }
}
