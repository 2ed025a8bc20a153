// Ports of the host at which containers answer, over HTTP.
// SPDX-License-Identifier: Apache-2.0
import { json, none, resource } from './route.js';
import { boolean, list } from './schema.js';
import { forwardChange, forwardResult, forwardRow } from './shapes/forward.js';

/** What leads from the host's ports to domains. */
export const forwards = resource({
  all: {
    method: 'GET',
    path: '/v1/forwards',
    role: 'viewer',
    summary: 'Ports of the host that lead to domains, or will when they run',
    body: none,
    answer: json(list(forwardRow)),
  },
  show: {
    method: 'GET',
    path: '/v1/domains/{domain}/forwards',
    role: 'viewer',
    summary: 'Ports of the host that lead to a domain',
    query: { inactive: boolean({ description: 'As its next start will have them' }) },
    body: none,
    answer: json(list(forwardRow)),
  },
  change: {
    method: 'POST',
    path: '/v1/domains/{domain}/forwards',
    role: 'admin',
    summary: 'Let ports of the host lead to a domain, or no longer; all of them or none',
    body: json(forwardChange),
    answer: json(forwardResult),
  },
});
