// Traffic over HTTP, bound to the engine.
// SPDX-License-Identifier: Apache-2.0
import type { Resources } from '@ctvirt/api';
import type { Engine } from '@ctvirt/engine';
import type { Handlers } from './handler.js';

/** What passed the links of domains. */
export const bindTraffic = (engine: Engine): Handlers<Resources['traffic']> => ({
  list: ({ query: { domain, month } }) =>
    engine.traffic({
      ...(domain === undefined ? {} : { domain }),
      ...(month === undefined ? {} : { month }),
    }),
});
