// Profiles over HTTP, bound to the engine.
// SPDX-License-Identifier: Apache-2.0
import type { Resources } from '@ctvirt/api';
import type { Engine } from '@ctvirt/engine';
import type { Handlers } from './handler.js';

/** Profiles, as the files that documents name. */
export const bindProfiles = ({ profiles }: Engine): Handlers<Resources['profiles']> => ({
  list: () => profiles.list(),
  show: ({ params: { profile } }) => profiles.get(profile),
});
