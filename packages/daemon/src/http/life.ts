// What happened to domains over HTTP, bound to the engine.
// SPDX-License-Identifier: Apache-2.0
import type { Resources } from '@ctvirt/api';
import type { Engine } from '@ctvirt/engine';
import type { Handlers } from './handler.js';

/** Of one domain. */
export const bindLife = (engine: Engine): Handlers<Resources['life']> => ({
  domain: ({ params: { domain }, query }) => engine.life(domain, query),
});
