// How long a job waits for its turn, which is no time in which it does something.
// SPDX-License-Identifier: Apache-2.0
import { AsyncLocalStorage } from 'node:async_hooks';
import type { KeyedQueue } from '../state/queue.js';

const own = new AsyncLocalStorage<Waits>();

/** All waits of one job, by the clock that nobody sets. */
export class Waits {
  #waiting = 0;
  #sinceMs = 0;
  #endedMs = 0;

  /** That of the job under way is told here. */
  of<T>(job: () => T): T {
    return own.run(this, job);
  }

  /** Until now. */
  get ms(): number {
    return this.#endedMs + (this.#waiting > 0 ? performance.now() - this.#sinceMs : 0);
  }

  /** The result ends it. */
  begin(): () => void {
    if (this.#waiting++ === 0) this.#sinceMs = performance.now();
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      if (--this.#waiting === 0) this.#endedMs += performance.now() - this.#sinceMs;
    };
  }
}

/** In a turn of a queue that the job under way, if it is one, has to wait for. */
export async function inTurnOfJob<T>(
  queue: Pick<KeyedQueue, 'run'>,
  key: string,
  work: () => Promise<T>,
): Promise<T> {
  const end = own.getStore()?.begin();
  try {
    return await queue.run(key, () => {
      end?.();
      return work();
    });
  } finally {
    end?.();
  }
}
