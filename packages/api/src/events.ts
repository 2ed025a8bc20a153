// State changes and refusals over HTTP, as they happen.
// SPDX-License-Identifier: Apache-2.0
import { lines, none, resource } from './route.js';
import { string } from './schema.js';
import { domainEvent } from './shapes/event.js';
import { networkEvent } from './shapes/network.js';

/** What happens to domains and networks, as it happens. */
export const events = resource({
  watch: {
    method: 'GET',
    path: '/v1/events',
    role: 'viewer',
    summary:
      'State changes and refused resources from now on, one JSON object per line; empty lines only keep the connection',
    query: { domain: string({ description: 'Only of the domain with this name, UUID or id' }) },
    body: none,
    answer: lines(domainEvent),
  },
  networks: {
    method: 'GET',
    path: '/v1/events/networks',
    role: 'viewer',
    summary: 'The same of networks: a line for each that came, went, started or stopped',
    query: { network: string({ description: 'Only of the network with this name or UUID' }) },
    body: none,
    answer: lines(networkEvent),
  },
});
