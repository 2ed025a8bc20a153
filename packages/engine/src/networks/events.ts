// What happens to networks, told once by whoever made it happen.
// SPDX-License-Identifier: Apache-2.0
import { EventEmitter } from 'node:events';
import type { NetworkEvent, NetworkSummary } from '@ctvirt/api';

/** Calls back all listeners, in the order in which they subscribed. */
export class NetworkEvents {
  readonly #events = new EventEmitter<{ event: [NetworkEvent] }>().setMaxListeners(0);

  listen(listener: (event: NetworkEvent) => void): () => void {
    this.#events.on('event', listener);
    return () => this.#events.off('event', listener);
  }

  tell(event: NetworkEvent['event'], network: NetworkSummary): void {
    this.#events.emit('event', { event, network, at: new Date().toISOString() });
  }
}
