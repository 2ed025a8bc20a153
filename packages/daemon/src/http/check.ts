// What the host holds of ours over HTTP, bound to the engine.
// SPDX-License-Identifier: Apache-2.0
import type { Resources } from '@ctvirt/api';
import type { Engine } from '@ctvirt/engine';
import type { Handlers } from './handler.js';

/** What the host holds of ours, and the clearing away of what has no owner. */
export const bindCheck = (engine: Engine): Handlers<Resources['check']> => ({
  list: () => engine.check(),
  clean: () => engine.clean(),
});
