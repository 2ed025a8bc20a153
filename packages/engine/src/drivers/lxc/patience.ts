// How long an end is waited for: as long as there are ever fewer processes, and some time beyond.
// SPDX-License-Identifier: Apache-2.0

/** The kernel ends tens of thousands of processes in its own time; one that hangs is known by nothing going on. */
export class Patience {
  #least = Number.POSITIVE_INFINITY;
  #since: number;

  constructor(
    private readonly limitMs: number,
    now: number,
  ) {
    this.#since = now;
  }

  /** Takes note of how many are left, null where that is not counted; returns for how many ms more something is to be waited for. */
  left(count: number | null, now: number): number {
    if (count !== null && count < this.#least) {
      this.#least = count;
      this.#since = now;
    }
    return Math.max(0, this.#since + this.limitMs - now);
  }
}
