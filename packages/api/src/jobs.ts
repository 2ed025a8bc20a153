// Jobs over HTTP: the long operations of domains.
// SPDX-License-Identifier: Apache-2.0
import { json, none, resource } from './route.js';
import { list } from './schema.js';
import { job } from './shapes/job.js';

/** Each domain has one at a time. */
export const jobs = resource({
  list: {
    method: 'GET',
    path: '/v1/jobs',
    role: 'viewer',
    summary: 'List jobs: of each domain the one that is under way, or else its last since the daemon started',
    body: none,
    answer: json(list(job)),
  },
  get: {
    method: 'GET',
    path: '/v1/domains/{domain}/job',
    role: 'viewer',
    summary: "A domain's job that is under way, or else its last since the daemon started",
    body: none,
    answer: json(job),
  },
  abort: {
    method: 'DELETE',
    path: '/v1/domains/{domain}/job',
    role: 'operator',
    summary: "End a domain's job, which is answered as it was; nothing of what it was making is kept",
    body: none,
    answer: json(job),
  },
});
