// OpenVZ's accounting over HTTP: held, maxheld, barrier, limit and failcnt of each beancounter.
// SPDX-License-Identifier: Apache-2.0
import { json, none, resource } from './route.js';
import { boolean, integer, list, nullable, number, object, oneOf, type Static, string } from './schema.js';

export const beancounterRow = object(
  {
    resource: string({ description: "OpenVZ's name" }),
    unit: oneOf(['pages', 'bytes', 'count']),
    held: nullable(number({ description: 'Null where the kernel does not tell, or the domain is off' })),
    maxheld: nullable(number({ description: 'The most it held since the start' })),
    sampled: boolean({ description: "Whether `maxheld` is the highest of samples, not the kernel's own" }),
    barrier: nullable(number({ description: 'Null is unlimited' })),
    limit: nullable(number({ description: 'Null is unlimited' })),
    failcnt: nullable(
      integer({ description: 'Refusals since the start; null where the kernel does not count them' }),
    ),
    how: string({ description: "What is counted, and how that differs from OpenVZ's" }),
  },
  { title: 'BeancounterRow' },
);
export type BeancounterRow = Static<typeof beancounterRow>;

export const beancounterReport = object(
  {
    name: string(),
    uuid: string(),
    ctid: nullable(integer()),
    startedAt: nullable(string({ description: 'RFC 3339; null if it is off' })),
    countedAt: nullable(
      string({
        description:
          'RFC 3339: when numfile, numpty, numsiginfo, numflock, numtcpsock and numothersock were counted; null if it is off',
      }),
    ),
    rows: list(beancounterRow, { description: "In the order of OpenVZ's kernel" }),
  },
  { title: 'BeancounterReport' },
);
export type BeancounterReport = Static<typeof beancounterReport>;

export const beancounters = resource({
  list: {
    method: 'GET',
    path: '/v1/beancounters',
    summary:
      'The beancounters of all running domains; what no cgroup counts may have been counted some time ago',
    body: none,
    answer: json(list(beancounterReport)),
  },
  show: {
    method: 'GET',
    path: '/v1/domains/{domain}/beancounters',
    summary: 'The beancounters of a domain, all counted now',
    body: none,
    answer: json(beancounterReport),
  },
});
