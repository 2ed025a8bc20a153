// Traffic over HTTP: what passed the links of domains, by days, for billing.
// SPDX-License-Identifier: Apache-2.0
import { json, none, resource } from './route.js';
import { list, string } from './schema.js';
import { trafficReport } from './shapes/traffic.js';

/** What passed the links of domains, those that are gone included. */
export const traffic = resource({
  list: {
    method: 'GET',
    path: '/v1/traffic',
    role: 'viewer',
    summary: 'What passed the links of each domain in a month, by days in UTC; also of domains that are gone',
    query: {
      domain: string({
        description: 'Name, UUID or id of one domain; a name also of those that had it (default: all)',
      }),
      month: string({ description: 'As 2026-11 (default: the running one)' }),
    },
    body: none,
    answer: json(list(trafficReport)),
  },
});
