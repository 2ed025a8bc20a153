// Looks at something with each minute of the clock.
// SPDX-License-Identifier: Apache-2.0

const MINUTE_MS = 60_000;

/** A look while one is under way is that one. */
export class EachMinute {
  #looking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(
    private readonly work: () => Promise<void>,
    private readonly failed: (error: unknown) => void,
    private readonly now: () => Date,
  ) {}

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Looks now, for what was missed, and from now on. */
  open(): void {
    const wait = MINUTE_MS - (this.now().valueOf() % MINUTE_MS);
    this.#timer = setTimeout(() => this.open(), wait);
    this.#timer.unref();
    void this.look();
  }

  /** Begins nothing more, and resolves when nothing is under way: who ends jobs ends what is. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  /** Resolves when what is due is done. */
  look(): Promise<void> {
    this.#looking ??= this.work()
      .catch(this.failed)
      .finally(() => {
        this.#looking = undefined;
      });
    return this.#looking;
  }
}
