// What domains used over time over HTTP, bound to the engine.
// SPDX-License-Identifier: Apache-2.0
import type { Resources } from '@ctvirt/api';
import type { Engine } from '@ctvirt/engine';
import type { Handlers } from './handler.js';

/** Of one domain, and of all together. */
export const bindHistory = (engine: Engine): Handlers<Resources['history']> => ({
  domain: ({ params: { domain }, query }) => engine.history.of(domain, query),
  host: ({ query }) => engine.history.ofHost(query),
});
