// The host and the daemon over HTTP, bound to the engine.
// SPDX-License-Identifier: Apache-2.0
import { capabilities, type Resources, version } from '@ctvirt/api';
import type { Engine } from '@ctvirt/engine';
import type { Handlers } from './handler.js';

/** The daemon's name, version and capabilities, and the host's facts. */
export const bindHost = (engine: Engine): Handlers<Resources['host']> => ({
  version: () => ({ name: 'ctvirtd', version, capabilities }),
  facts: () => engine.host(),
});
