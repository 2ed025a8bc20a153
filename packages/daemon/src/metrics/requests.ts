// How many requests were answered, by operation and status.
// SPDX-License-Identifier: Apache-2.0
import type { Tally } from './known.js';

/** Counts from the daemon's start on. */
export class Requests {
  readonly #counts = new Map<string, Map<number, number>>();

  count(operation: string, status: number): void {
    const known = this.#counts.get(operation) ?? new Map<number, number>();
    this.#counts.set(operation, known.set(status, (known.get(status) ?? 0) + 1));
  }

  tallies(): Tally<'operation' | 'status'>[] {
    return [...this.#counts].flatMap(([operation, counts]) =>
      [...counts].map(([status, count]) => ({ of: { operation, status: String(status) }, count })),
    );
  }
}
