// Roots of domains that are gone over HTTP.
// SPDX-License-Identifier: Apache-2.0
import { json, none, resource } from './route.js';
import { list } from './schema.js';
import { adoptedRoot, keptRoot, rootAdoption } from './shapes/root.js';

/** Files of domains that were undefined without their storage. */
export const roots = resource({
  list: {
    method: 'GET',
    path: '/v1/roots',
    role: 'viewer',
    summary: 'List the roots that are kept of domains that are gone',
    body: none,
    answer: json(list(keptRoot)),
  },
  adopt: {
    method: 'POST',
    path: '/v1/roots/{root}/adopt',
    role: 'admin',
    summary: 'Give a kept root to a domain that is off; its own is kept from then on',
    body: json(rootAdoption),
    answer: json(adoptedRoot),
  },
  erase: {
    method: 'DELETE',
    path: '/v1/roots/{root}',
    role: 'admin',
    summary: 'Erase a kept root, which is answered',
    body: none,
    answer: json(keptRoot),
  },
});
