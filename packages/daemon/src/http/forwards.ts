// Ports of the host that lead to domains over HTTP, bound to the engine.
// SPDX-License-Identifier: Apache-2.0
import type { Resources } from '@ctvirt/api';
import type { Engine } from '@ctvirt/engine';
import type { Handlers } from './handler.js';

/** Neither `live` nor `stored` leaves the choice to the engine. */
export const bindForwards = (engine: Engine): Handlers<Resources['forwards']> => ({
  all: () => engine.allForwards(),
  show: ({ params: { domain }, query: { inactive } }) =>
    engine.forwards(domain, inactive === undefined ? {} : { inactive }),
  change: ({ params: { domain }, body: { live = false, stored = false, ...change } }) =>
    engine.changeForwards(domain, change, { live, stored }),
});
