// What folders hold that nobody counts: looked through one after the other, and the less often the longer that takes.
// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';

interface Known {
  readonly bytes: number;
  /** When it is looked through again, if somebody asks. */
  readonly nextMs: number;
}

/** Who asks waits so long: of small ones the number is there by then, of others it is there for who asks later. */
const PATIENCE_MS = 400;
/** A number is good for a minute, and for a hundred times as long as it took. */
const LEAST_MS = 60_000;
const TIMES = 100;
/** So many wait; others are looked through when somebody asks again. */
const MOST = 16;

/** By whose folder it is. */
export class Measured {
  readonly #known = new WeakMap<object, Known>();
  readonly #waiting = new Map<object, Promise<void>>();
  #last: Promise<void> = Promise.resolve();

  constructor(
    private readonly now: () => number = () => performance.now(),
    private readonly patienceMs = PATIENCE_MS,
  ) {}

  /** What it was found to hold last; undefined if it never was. */
  async of(owner: object, measure: () => Promise<number>): Promise<number | undefined> {
    const known = this.#known.get(owner);
    if (known !== undefined && this.now() < known.nextMs) return known.bytes;
    const measuring = this.#waiting.get(owner) ?? this.#measureLater(owner, measure);
    if (measuring !== undefined) await Promise.race([measuring, sleep(this.patienceMs)]);
    return this.#known.get(owner)?.bytes;
  }

  #measureLater(owner: object, measure: () => Promise<number>): Promise<void> | undefined {
    if (this.#waiting.size >= MOST) return undefined;
    const work = async (): Promise<void> => {
      const began = this.now();
      try {
        const bytes = await measure();
        const tookMs = this.now() - began;
        this.#known.set(owner, { bytes, nextMs: this.now() + Math.max(LEAST_MS, TIMES * tookMs) });
      } catch {
        // It is gone, or cannot be read: nothing tells.
      } finally {
        this.#waiting.delete(owner);
      }
    };
    const measuring = this.#last.then(work);
    this.#last = measuring;
    this.#waiting.set(owner, measuring);
    return measuring;
  }
}
