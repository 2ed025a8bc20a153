// Waits for domains to end, for all of them over one connection: to wait costs the daemon nothing then.
// SPDX-License-Identifier: Apache-2.0

import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, type DomainEvent, type DomainSummary, type EventGap } from '@ctvirt/api';
import type { ApiClient } from '@ctvirt/api/node';
import { commandFor } from '@ctvirt/xml';
import { ifSupported } from '../errors.js';

/** One stream of events, whoever waits on it; when it breaks every wait rejects with `unreachable`. */
export class Endings implements Disposable {
  readonly #waiting = new Map<string, (domain: DomainSummary) => void>();
  readonly #over = new AbortController();
  readonly #broken: Promise<never>;

  private constructor(
    events: AsyncIterable<DomainEvent | EventGap>,
    private readonly signal: AbortSignal,
  ) {
    this.#broken = this.#follow(events);
    this.#broken.catch(() => undefined); // who waits hears of it
  }

  /** Undefined where the other side tells of no events. */
  static async open(client: ApiClient, signal: AbortSignal): Promise<Endings | undefined> {
    const over = new AbortController();
    const events = await ifSupported(
      client.events.watch({}, { signal: AbortSignal.any([signal, over.signal]) }),
    );
    if (events === undefined) return undefined;
    const endings = new Endings(events, signal);
    endings.#over.signal.addEventListener('abort', () => over.abort());
    return endings;
  }

  [Symbol.dispose](): void {
    this.#over.abort();
  }

  /** Asks, and resolves when the domain has ended; rejects with `timeout` if it has not by then. */
  async after(
    { uuid, name }: DomainSummary,
    ms: number,
    ask: () => Promise<unknown>,
  ): Promise<DomainSummary> {
    const late = new AbortController();
    try {
      const ended = new Promise<DomainSummary>((resolve) => this.#waiting.set(uuid, resolve));
      await ask();
      const lateness = sleep(ms, undefined, { signal: late.signal }).then(() => {
        throw new ApiError(
          'timeout',
          `domain '${name}' did not do so within ${ms / 1000} s; \`${commandFor('destroy', [name])}\` ends it at once`,
        );
      });
      lateness.catch(() => undefined); // nobody waits any more
      return await Promise.race([ended, lateness, this.#broken]);
    } finally {
      late.abort();
      this.#waiting.delete(uuid);
    }
  }

  async #follow(events: AsyncIterable<DomainEvent | EventGap>): Promise<never> {
    for await (const event of events)
      if (event.event === 'stopped') this.#waiting.get(event.domain.uuid)?.(event.domain);
    if (this.signal.aborted) throw new ApiError('interrupted', 'interrupted');
    throw new ApiError('unreachable', 'the daemon ended meanwhile');
  }
}
