// Chance that can be repeated: random numbers drawn from a seed that is told, and can be given as CTVIRT_SEED.
// SPDX-License-Identifier: Apache-2.0
import { randomInt } from 'node:crypto';

/** The seed of this run. It repeats what is drawn; when the kernel does what, it cannot. */
export const seed = Number(process.env['CTVIRT_SEED'] ?? randomInt(2 ** 32)) >>> 0;

export class Chance {
  #state: number;

  constructor(state: number) {
    this.#state = state >>> 0;
  }

  /** From 0 up to, but not, 1. Mulberry32: short, and good enough to choose by. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Whether something happens that does so once in `times`. */
  isOnceIn(times: number): boolean {
    return this.next() * times < 1;
  }

  pick<T>(choices: readonly T[]): T {
    const chosen = choices[Math.floor(this.next() * choices.length)];
    if (chosen === undefined) throw new Error('nothing to choose from');
    return chosen;
  }
}
