// Jobs over HTTP: long operations, under way and ended.
// SPDX-License-Identifier: Apache-2.0
import { json, lines, none, resource } from './route.js';
import { boolean, list } from './schema.js';
import { job } from './shapes/job.js';

/** Each domain has one at a time. */
export const jobs = resource({
  list: {
    method: 'GET',
    path: '/v1/jobs',
    role: 'viewer',
    summary:
      'List jobs, of domains, templates and repositories of backups: those under way, then the last two hundred that have ended, the newest first, over restarts of the daemon, too',
    query: { running: boolean({ description: 'Only those under way, or only those that have ended' }) },
    body: none,
    answer: json(list(job)),
  },
  watch: {
    method: 'GET',
    path: '/v1/jobs/changes',
    role: 'viewer',
    summary: 'Those under way, then each whenever it begins, gets on or ends, one JSON object per line',
    body: none,
    answer: lines(job),
  },
  show: {
    method: 'GET',
    path: '/v1/jobs/{job}',
    role: 'viewer',
    summary: 'One job, under way or ended',
    body: none,
    answer: json(job),
  },
  cancel: {
    method: 'DELETE',
    path: '/v1/jobs/{job}',
    role: 'operator',
    summary: 'End a job, which is answered as it was; nothing of what it was making is kept',
    body: none,
    answer: json(job),
  },
  get: {
    method: 'GET',
    path: '/v1/domains/{domain}/job',
    role: 'viewer',
    summary: "A domain's job that is under way, or else its last",
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
