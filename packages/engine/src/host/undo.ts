// Undo as a value: each step pushes its inverse, and leaving the scope without `keep()` runs them, last first.
// SPDX-License-Identifier: Apache-2.0

/** Runs what was pushed on it, the last first, unless `keep` was called. */
export class Undo implements AsyncDisposable {
  readonly #inverses: (() => unknown)[] = [];

  push(inverse: () => unknown): void {
    this.#inverses.push(inverse);
  }

  /** The operation is complete: nothing is undone. */
  keep(): void {
    this.#inverses.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    for (const inverse of this.#inverses.splice(0).reverse()) {
      try {
        await inverse();
      } catch (error) {
        failures.push(error); // the others must still run
      }
    }
    if (failures.length > 0)
      throw new AggregateError(failures, 'undoing an interrupted operation failed in part');
  }
}
