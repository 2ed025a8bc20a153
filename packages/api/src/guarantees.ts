// Guarantees over HTTP: the host's ledger of promises.
// SPDX-License-Identifier: Apache-2.0
import { json, none, resource } from './route.js';
import { integer, list, string } from './schema.js';
import { deliveryReport } from './shapes/delivery.js';
import { guaranteeReport, profileFit, whatIfReport, whatIfRequest } from './shapes/guarantees.js';

/** The host's promises: what it can keep, and whether it did. */
export const guarantees = resource({
  delivered: {
    method: 'GET',
    path: '/v1/guarantees/delivered',
    role: 'viewer',
    summary: 'What each running domain was promised and given over the last minutes',
    query: {
      domain: string({ description: 'Only of the domain with this name, UUID or id, if it runs' }),
      minutes: integer({
        minimum: 1,
        maximum: 15,
        description: 'So far back, or as long as the domain and the daemon run (default: 5)',
      }),
    },
    body: none,
    answer: json(list(deliveryReport)),
  },
  show: {
    method: 'GET',
    path: '/v1/guarantees',
    role: 'viewer',
    summary: 'What this host has, has promised, and can still promise',
    query: { profile: string({ description: 'Answer how many more domains of this profile fit' }) },
    body: none,
    answer: json(guaranteeReport),
  },
  fits: {
    method: 'GET',
    path: '/v1/guarantees/fits',
    role: 'viewer',
    summary: 'How many more domains of each profile fit',
    body: none,
    answer: json(list(profileFit)),
  },
  whatIf: {
    method: 'POST',
    path: '/v1/what-if',
    role: 'viewer',
    summary:
      'What the host would have promised with so many more domains of a document or profile, what runs out first, and where they would run; or with other parameters of domains that there are. None is made or changed',
    body: json(whatIfRequest),
    answer: json(whatIfReport),
  },
});
