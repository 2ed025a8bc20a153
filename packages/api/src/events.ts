// State changes and refusals over HTTP, as they happen.
// SPDX-License-Identifier: Apache-2.0

import { lines, none, resource } from './route.js';
import {
  anyOf,
  integer,
  list,
  nullable,
  number,
  object,
  oneOf,
  optional,
  record,
  type Static,
  string,
} from './schema.js';
import { domainSummary } from './shapes/domain.js';

const change = anyOf([
  object({
    what: oneOf(['tunable']),
    values: record(string(), anyOf([number(), string()]), {
      description: "Scheduler parameters by libvirt's names of its tunable event, with their new values",
    }),
  }),
  object({ what: oneOf(['memory']), currentKiB: integer() }),
  object({
    what: oneOf(['parameters']),
    keys: list(string(), { description: "Resource parameters, by OpenVZ's names" }),
  }),
  object({
    what: oneOf(['metadata']),
    kind: oneOf(['title', 'description', 'element']),
    uri: nullable(string({ description: 'The namespace of an element' })),
  }),
  object({
    what: oneOf(['device-added', 'device-removed']),
    alias: string({ description: 'The name of a link on the host, or inside where it has none there' }),
  }),
]);

export const domainEvent = object(
  {
    event: oneOf([
      'defined',
      'undefined',
      'started',
      'suspended',
      'resumed',
      'stopped',
      'beancounter',
      'changed',
    ]),
    detail: string({ description: 'Of a beancounter its name, of a change the kinds of what changed' }),
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
    changes: optional(
      list(change, {
        description: 'Of event `changed`: what a change of the document made different, whoever made it',
      }),
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
