// State changes and refusals over HTTP, as they happen.
// SPDX-License-Identifier: Apache-2.0
import { domainSummary } from './domains.js';
import { lines, none, resource } from './route.js';
import { integer, object, oneOf, optional, type Static, string } from './schema.js';

export const domainEvent = object(
  {
    event: oneOf([
      'defined',
      'undefined',
      'started',
      'suspended',
      'resumed',
      'stopped',
      'shutdown',
      'beancounter',
    ]),
    detail: string({ description: 'Of a beancounter its name' }),
    domain: domainSummary,
    beancounter: optional(
      object(
        {
          resource: string(),
          rise: integer({ description: 'Refusals since the last such event' }),
          failcnt: integer({ description: 'Refusals since the start of the domain' }),
        },
        {
          description:
            'Of event `beancounter`: the first refusal is told at once, later ones every ten seconds',
        },
      ),
    ),
    at: string({ description: 'RFC 3339' }),
  },
  { title: 'DomainEvent' },
);
export type DomainEvent = Static<typeof domainEvent>;

export const events = resource({
  watch: {
    method: 'GET',
    path: '/v1/events',
    summary:
      'State changes and refused resources from now on, one JSON object per line; empty lines only keep the connection',
    query: { domain: string({ description: 'Only of the domain with this name or UUID' }) },
    body: none,
    answer: lines(domainEvent),
  },
});
