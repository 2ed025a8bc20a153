// The last events with their numbers, for who missed some.
// SPDX-License-Identifier: Apache-2.0
import type { EventGap } from '@ctvirt/api';
import type { PastEvents } from '../contract.js';

/** So many are known; the contract says so. */
const MOST = 2048;

/**
 * Numbers begin with the microsecond at which they were first given out: those of an earlier daemon are lower, since no daemon has a
 * million events a second, and none has to be kept on disk.
 */
export class EventRing<E extends { readonly seq: number }> {
  readonly #events: E[] = [];
  readonly #start: number;
  #last: number;

  constructor(
    startMs = Math.floor(performance.timeOrigin + performance.now()),
    private readonly most = MOST,
  ) {
    this.#start = startMs * 1000;
    this.#last = this.#start;
  }

  /** The number of the next event, which is then kept. */
  next(): number {
    return this.#last + 1;
  }

  keep(event: E): void {
    this.#last = event.seq;
    this.#events[this.#place(event.seq)] = event;
  }

  /** All that are known, or those after this number; where not all of those are known, none. */
  past(since = this.#last - this.#events.length): PastEvents<E> {
    const missed = this.#last - since;
    if (missed < 0 || missed > this.#events.length) return { events: [], gap: this.#gap(since) };
    const events: E[] = [];
    for (let seq = since + 1; seq <= this.#last; seq++) {
      const event = this.#events[this.#place(seq)];
      if (event !== undefined) events.push(event);
    }
    return { events };
  }

  #gap(since: number): EventGap {
    // A number to come was another daemon's, before the clock was set back.
    const isOwn = since >= this.#start && since <= this.#last;
    return {
      event: 'gap',
      detail: isOwn ? 'forgotten' : 'restarted',
      seq: this.#last,
      at: new Date().toISOString(),
    };
  }

  #place(seq: number): number {
    return (seq - this.#start - 1) % this.most;
  }
}
