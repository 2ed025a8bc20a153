// One operation at a time for each key; different keys go on side by side.
// SPDX-License-Identifier: Apache-2.0
import { beginAsked } from './asking.js';

/** Serializes operations with the same key. */
export class KeyedQueue {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Runs `operation` when all earlier ones of this key have ended, however they ended; not if who asked for it has left by then. */
  run<T>(key: string, operation: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const turn = (): Promise<T> => {
      beginAsked();
      return operation();
    };
    const result = before.then(turn, turn);
    const settled = result.then(
      () => undefined,
      () => undefined, // the caller has the failure; the queue only waits
    );
    this.#tails.set(key, settled);
    void settled.then(() => {
      if (this.#tails.get(key) === settled) this.#tails.delete(key);
    });
    return result;
  }

  /** Whether an operation of this key, or of any, is under way or waits. */
  isBusy(key?: string): boolean {
    return key === undefined ? this.#tails.size > 0 : this.#tails.has(key);
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values());
  }
}
