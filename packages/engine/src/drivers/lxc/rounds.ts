// Work that is done at intervals, each time a while after the last time has ended.
// SPDX-License-Identifier: Apache-2.0

/** Begins with `open`; a round that fails does not keep the next one from coming. */
export class Rounds {
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly parts: {
      readonly everyMs: number;
      readonly round: () => Promise<void>;
      readonly failed: (error: unknown) => void;
    },
  ) {}

  open(): void {
    const { everyMs, round, failed } = this.parts;
    this.#timer = setTimeout(() => {
      void round()
        .catch(failed)
        .finally(() => {
          if (this.#timer !== undefined) this.open();
        });
    }, everyMs).unref();
  }

  /** No round begins any more; one under way goes on. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
