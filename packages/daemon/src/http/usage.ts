// What domains use and run over HTTP, bound to the engine.
// SPDX-License-Identifier: Apache-2.0
import type { Resources } from '@ctvirt/api';
import type { Engine } from '@ctvirt/engine';
import type { Handlers } from './handler.js';

/** What each domain uses, and the processes of those that run. */
export const bindUsage = (engine: Engine): Handlers<Resources['usage']> => ({
  list: ({ query }) => engine.eachUsage(query),
  now: () => engine.history.now(),
  processes: ({ query: { domain, pid } }) =>
    engine.processes({
      ...(domain === undefined ? {} : { domain }),
      ...(pid === undefined ? {} : { pid }),
    }),
});
