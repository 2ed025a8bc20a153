// OpenVZ's accounting over HTTP: held, maxheld, barrier, limit and failcnt of each beancounter.
// SPDX-License-Identifier: Apache-2.0
import { json, none, resource } from './route.js';
import { list } from './schema.js';
import { beancounterReport } from './shapes/beancounters.js';

/** OpenVZ's accounting, of one domain or of all that run. */
export const beancounters = resource({
  list: {
    method: 'GET',
    path: '/v1/beancounters',
    role: 'viewer',
    summary:
      'The beancounters of all running domains; what no cgroup counts may have been counted some time ago',
    body: none,
    answer: json(list(beancounterReport)),
  },
  show: {
    method: 'GET',
    path: '/v1/domains/{domain}/beancounters',
    role: 'viewer',
    summary: 'The beancounters of a domain, all counted now',
    body: none,
    answer: json(beancounterReport),
  },
});
