// State changes and refusals over HTTP, as they happen and as they happened.
// SPDX-License-Identifier: Apache-2.0
import { lines, none, resource } from './route.js';
import { anyOf, boolean, integer, string } from './schema.js';
import { domainEvent, eventGap } from './shapes/event.js';
import { usageLine } from './shapes/history.js';
import { networkEvent } from './shapes/network.js';

/** Where a watch begins and whether it goes on. */
const past = {
  since: integer({
    minimum: 0,
    description:
      'Those after the event of this `seq` first; where they are not all known any more, as after 0, a line `gap` in their place',
  }),
  last: integer({ minimum: 1, description: 'The last so many that are known first, at most 2048' }),
  follow: boolean({
    description: 'Whether it goes on with what happens from now on (default), or ends there',
  }),
};

/** What happens to domains and networks, as it happens. */
export const events = resource({
  watch: {
    method: 'GET',
    path: '/v1/events',
    role: 'viewer',
    summary:
      'State changes and refused resources from now on, one JSON object per line; empty lines only keep the connection',
    query: { domain: string({ description: 'Only of the domain with this name, UUID or id' }), ...past },
    body: none,
    answer: lines(anyOf([domainEvent, eventGap])),
  },
  withUsage: {
    method: 'GET',
    path: '/v1/events/usage',
    role: 'viewer',
    summary:
      'The same, and between them what all running domains used at the last look and what is promised: at once, and then every so many seconds',
    query: {
      domain: string({ description: 'Only events of the domain with this name, UUID or id' }),
      every: integer({
        minimum: 10,
        maximum: 3600,
        description: 'Seconds from one such line to the next (default: 10, with each look)',
      }),
      ...past,
    },
    body: none,
    answer: lines(anyOf([domainEvent, eventGap, usageLine])),
  },
  networks: {
    method: 'GET',
    path: '/v1/events/networks',
    role: 'viewer',
    summary: 'The same of networks: a line for each that came, went, started or stopped',
    query: { network: string({ description: 'Only of the network with this name or UUID' }), ...past },
    body: none,
    answer: lines(anyOf([networkEvent, eventGap])),
  },
});
