// State changes over HTTP, bound to the engine.
// SPDX-License-Identifier: Apache-2.0
import type { Resources } from '@ctvirt/api';
import type { Engine } from '@ctvirt/engine';
import type { Handlers } from './handler.js';

export const bindEvents = (engine: Engine): Handlers<Resources['events']> => ({
  watch: ({ query: { domain } }, send) =>
    engine.onEvent((event) => {
      if (domain === undefined || event.domain.name === domain || event.domain.uuid === domain) send(event);
    }),
});
