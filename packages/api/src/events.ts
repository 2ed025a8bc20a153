// State changes over HTTP, as they happen.
// SPDX-License-Identifier: Apache-2.0
import { domainSummary } from './domains.js';
import { lines, none, resource } from './route.js';
import { object, oneOf, type Static, string } from './schema.js';

export const domainEvent = object(
  {
    event: oneOf(['defined', 'undefined', 'started', 'suspended', 'resumed', 'stopped', 'shutdown']),
    detail: string(),
    domain: domainSummary,
    at: string({ description: 'RFC 3339' }),
  },
  { title: 'DomainEvent' },
);
export type DomainEvent = Static<typeof domainEvent>;

export const events = resource({
  watch: {
    method: 'GET',
    path: '/v1/events',
    summary: 'State changes from now on, one JSON object per line; empty lines only keep the connection',
    query: { domain: string({ description: 'Only of the domain with this name or UUID' }) },
    body: none,
    answer: lines(domainEvent),
  },
});
