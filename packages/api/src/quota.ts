// Disk quotas over HTTP: what each file system of a domain holds and may hold.
// SPDX-License-Identifier: Apache-2.0
import { json, none, resource } from './route.js';
import { boolean, optional, strict } from './schema.js';
import { ownerLimits, quotaReport } from './shapes/quota.js';

/** What a domain's file systems hold and may hold, as a whole and by owners. */
export const quota = resource({
  show: {
    method: 'GET',
    path: '/v1/domains/{domain}/quota',
    role: 'viewer',
    summary: "What a domain's file systems hold, may hold, and for how long more than that",
    body: none,
    answer: json(quotaReport),
  },
  setOwner: {
    method: 'PUT',
    path: '/v1/domains/{domain}/quota',
    role: 'operator',
    summary: 'Limit one user or group of a domain on its root; what is not said of it stays',
    body: json(
      strict({
        ...ownerLimits.properties,
        live: optional(boolean({ description: 'In the running domain' })),
        stored: optional(
          boolean({ description: 'In its next start; without either, in the running one if it runs' }),
        ),
      }),
    ),
    answer: json(quotaReport),
  },
});
