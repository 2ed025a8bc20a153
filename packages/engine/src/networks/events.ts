// What happens to networks, told once by whoever made it happen.
// SPDX-License-Identifier: Apache-2.0
import { EventEmitter } from 'node:events';
import type { NetworkEvent, NetworkSummary } from '@ctvirt/api';
import type { PastEvents } from '../contract.js';
import { EventRing } from '../registry/event-ring.js';

/** Calls back all listeners, in the order in which they subscribed. */
export class NetworkEvents {
  readonly #events = new EventEmitter<{ event: [NetworkEvent] }>().setMaxListeners(0);
  readonly #ring = new EventRing<NetworkEvent>();

  listen(listener: (event: NetworkEvent) => void): () => void {
    this.#events.on('event', listener);
    return () => this.#events.off('event', listener);
  }

  /** What was told before, or after that number. */
  past(since?: number): PastEvents<NetworkEvent> {
    return this.#ring.past(since);
  }

  tell(event: NetworkEvent['event'], network: NetworkSummary): void {
    const told = { event, network, seq: this.#ring.next(), at: new Date().toISOString() };
    this.#ring.keep(told);
    this.#events.emit('event', told);
  }
}
