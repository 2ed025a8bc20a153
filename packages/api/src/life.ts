// What happened to a domain over HTTP, over daemons.
// SPDX-License-Identifier: Apache-2.0
import { json, none, resource } from './route.js';
import { integer, list, string } from './schema.js';
import { lifeEntry } from './shapes/life.js';

/** What happened to a domain. */
export const life = resource({
  domain: {
    method: 'GET',
    path: '/v1/domains/{domain}/life',
    role: 'viewer',
    summary:
      'What happened to a domain since it was defined here, the oldest first, whichever daemon it was: some 600 to 1,200 things, and the last 512 limits that it met',
    query: {
      since: string({ description: 'From then on: RFC 3339 (default: all that is known)' }),
      last: integer({ minimum: 1, description: 'The last so many alone (default: all)' }),
    },
    body: none,
    answer: json(list(lifeEntry)),
  },
});
