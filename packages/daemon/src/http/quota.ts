// Disk quotas over HTTP, bound to the engine.
// SPDX-License-Identifier: Apache-2.0
import type { Resources } from '@ctvirt/api';
import type { Engine } from '@ctvirt/engine';
import type { Handlers } from './handler.js';

/** The disk limits of a domain's file systems and owners; neither `live` nor `stored` leaves the choice to the engine. */
export const bindQuota = (engine: Engine): Handlers<Resources['quota']> => ({
  show: ({ params: { domain } }) => engine.quota(domain),
  setOwner: ({ params: { domain }, body: { live = false, stored = false, ...values } }) =>
    engine.setOwnerQuota(domain, values, { live, stored }),
});
