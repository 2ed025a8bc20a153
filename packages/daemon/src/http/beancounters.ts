// Beancounters over HTTP, bound to the engine.
// SPDX-License-Identifier: Apache-2.0
import type { Resources } from '@ctvirt/api';
import type { Engine } from '@ctvirt/engine';
import type { Handlers } from './handler.js';

/** What domains hold, held at most and were refused: of one, or of all that run. */
export const bindBeancounters = (engine: Engine): Handlers<Resources['beancounters']> => ({
  list: () => engine.allBeancounters(),
  show: ({ params: { domain } }) => engine.beancounters(domain),
});
