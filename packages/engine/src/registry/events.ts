// What happens to domains, told once by whoever made it happen; every frontend listens here.
// SPDX-License-Identifier: Apache-2.0

import { EventEmitter } from 'node:events';
import type { BeancounterEvent, DomainEvent, DomainSummary, Job, LifecycleEvent } from '@ctvirt/api';
import type { ResourceOptions } from '@ctvirt/formats';
import type { Domain } from '@ctvirt/xml';
import { commandFor } from '@ctvirt/xml';
import type { PastEvents } from '../contract.js';
import { EngineError } from '../errors.js';
import { changesBetween } from './changes.js';
import { EventRing } from './event-ring.js';
import { type Entry, summaryOf } from './registry.js';

type Listener = (event: DomainEvent, entry: Entry) => void;

/** Calls back all listeners, in the order in which they subscribed. */
export class DomainEvents {
  readonly #events = new EventEmitter<{ event: [DomainEvent, Entry] }>();
  readonly #ring = new EventRing<DomainEvent>();

  constructor(private readonly facts: ResourceOptions) {
    this.#events.setMaxListeners(0);
  }

  /** Calls back on every event from now on; the result unsubscribes. */
  listen(listener: Listener): () => void {
    this.#events.on('event', listener);
    return () => this.#events.off('event', listener);
  }

  /** What was told before, or after that number. */
  past(since?: number): PastEvents<DomainEvent> {
    return this.#ring.past(since);
  }

  lifecycle(event: LifecycleEvent['event'], detail: string, entry: Entry): void {
    this.#tell({ ...this.#factsOf(entry), event, detail }, entry);
  }

  refused(entry: Entry, beancounter: BeancounterEvent['beancounter']): void {
    this.#tell(
      { ...this.#factsOf(entry), event: 'beancounter', detail: beancounter.resource, beancounter },
      entry,
    );
  }

  /** Tells what differs between two documents of a domain; nothing if nothing does. */
  changed(entry: Entry, isLive: boolean, before: Domain, after: Domain): void {
    const changes = changesBetween(before, after, this.facts).filter(
      ({ what }) => isLive || what === 'metadata',
    );
    if (changes.length === 0) return;
    const detail = [...new Set(changes.map(({ what }) => what))].join(' ');
    this.#tell({ ...this.#factsOf(entry), event: 'changed', detail, changes }, entry);
  }

  job(entry: Entry, job: Job): void {
    this.#tell({ ...this.#factsOf(entry), event: 'job', detail: `${job.kind} ${job.state}`, job }, entry);
  }

  /** The next such event of a domain; rejects with `timeout`. */
  next(name: string, event: LifecycleEvent['event'], ms: number) {
    let cancel = (): void => undefined;
    let isOver = false;
    const promise = new Promise<DomainSummary>((resolve, reject) => {
      const stop = this.listen((seen) => {
        if (seen.domain.name !== name || seen.event !== event) return;
        cancel();
        resolve(seen.domain);
      });
      const timer = setTimeout(() => {
        isOver = true;
        cancel();
        reject(
          new EngineError(
            'timeout',
            `domain '${name}' did not do so within ${ms / 1000} s; \`${commandFor('destroy', [name])}\` ends it at once`,
          ),
        );
      }, ms);
      cancel = () => {
        clearTimeout(timer);
        stop();
      };
    });
    return {
      promise,
      /** Whether the time is over. */
      get isOver() {
        return isOver;
      },
      cancel: () => cancel(),
    };
  }

  #factsOf(entry: Entry) {
    return { domain: summaryOf(entry), seq: this.#ring.next(), at: new Date().toISOString() };
  }

  #tell(event: DomainEvent, entry: Entry): void {
    this.#ring.keep(event);
    this.#events.emit('event', event, entry);
  }
}
