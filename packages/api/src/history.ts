// What domains used over time over HTTP: graphs' points, with limits that were met as marks.
// SPDX-License-Identifier: Apache-2.0
import { json, none, resource } from './route.js';
import { integer, string } from './schema.js';
import { history as shape } from './shapes/history.js';

const query = {
  series: string({
    description: 'Names with commas between them: cpu, memory and the like (default: all)',
  }),
  from: string({ description: 'RFC 3339 (default: an hour before `to`)' }),
  to: string({ description: 'RFC 3339 (default: now)' }),
  points: integer({
    minimum: 1,
    maximum: 2000,
    description: 'So many at most: steps are joined until there are no more (default: 2000)',
  }),
};
const kept =
  'steps of 10 s of the last hour, of a minute of 26 hours, of half an hour of 32 days, whichever reaches back so far';

/** What domains used over time. */
export const history = resource({
  domain: {
    method: 'GET',
    path: '/v1/domains/{domain}/history',
    role: 'viewer',
    summary: `What a domain used over time: ${kept}`,
    query,
    body: none,
    answer: json(shape),
  },
  host: {
    method: 'GET',
    path: '/v1/history',
    role: 'viewer',
    summary: `The sum of all domains over time: ${kept}`,
    query,
    body: none,
    answer: json(shape),
  },
});
