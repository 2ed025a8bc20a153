// State changes over HTTP, bound to the engine.
// SPDX-License-Identifier: Apache-2.0
import type { Resources } from '@ctvirt/api';
import type { Engine } from '@ctvirt/engine';
import type { Handlers } from './handler.js';

/** A line for each event from the answer's head on; with a name or UUID only those of that domain, defined or not. */
export const bindEvents = (engine: Engine): Handlers<Resources['events']> => ({
  watch: ({ query: { domain } }, send) => {
    if (domain === undefined) return engine.onEvent(send);
    const { name, uuid } = engine.summary(domain);
    return engine.onEvent((event) => {
      if (event.domain.name === name || event.domain.uuid === uuid) send(event);
    });
  },
  networks: ({ query: { network } }, send) => {
    if (network === undefined) return engine.networks.onEvent(send);
    const { name, uuid } = engine.networks.get(network);
    return engine.networks.onEvent((event) => {
      if (event.network.name === name || event.network.uuid === uuid) send(event);
    });
  },
});
