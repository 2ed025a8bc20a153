// What domains use and run over HTTP: one answer for all of them.
// SPDX-License-Identifier: Apache-2.0
import { none, resource, rows } from './route.js';
import { boolean, integer, string } from './schema.js';
import { domainNow } from './shapes/history.js';
import { domainProcess } from './shapes/processes.js';
import { domainUsage } from './shapes/usage.js';

/** What domains use now, and their processes. */
export const usage = resource({
  list: {
    method: 'GET',
    path: '/v1/usage',
    role: 'viewer',
    summary: 'What each domain uses now',
    query: { active: boolean({ description: 'Only running ones, or only stopped ones' }) },
    body: none,
    answer: rows(domainUsage),
  },
  now: {
    method: 'GET',
    path: '/v1/usage/now',
    role: 'viewer',
    summary:
      'What each running domain used at the last look, ten seconds ago at most: nothing is read for it, however many ask',
    body: none,
    answer: rows(domainNow),
  },
  processes: {
    method: 'GET',
    path: '/v1/processes',
    role: 'operator',
    summary: 'Processes of running domains',
    query: {
      domain: string({ description: 'Name, UUID or id of one domain (default: all that run)' }),
      pid: integer({
        minimum: 1,
        description: "Only the one that has this number on the host; `not-found` where that is no domain's",
      }),
    },
    body: none,
    answer: rows(domainProcess),
  },
});
