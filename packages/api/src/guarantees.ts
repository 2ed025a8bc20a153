// Guarantees over HTTP: the host's ledger of promises.
// SPDX-License-Identifier: Apache-2.0
import { json, none, resource } from './route.js';
import { integer, list, nullable, number, object, oneOf, type Static, string } from './schema.js';

const resourceNames = ['allocation', 'survival', 'cpu', 'processes'] as const;

export const guaranteeReport = object(
  {
    policy: oneOf(['strict', 'warn', 'off']),
    rows: list(
      object({
        resource: oneOf(resourceNames),
        unit: oneOf(['bytes', 'units', 'count']),
        promisedBy: string({ description: 'The parameters that promise it' }),
        capacity: number(),
        reserve: number({ description: 'Kept for the host' }),
        guaranteed: number(),
        limited: nullable(number({ description: 'All limits together; null if a domain has none' })),
        used: number(),
        headroom: nullable(
          number({ description: 'What can still be promised; below zero is overcommitted' }),
        ),
      }),
    ),
    domains: list(
      object({
        name: string(),
        allocationBytes: number(),
        survivalBytes: number(),
        memoryMaxBytes: nullable(number()),
        cpuUnits: number(),
        memoryBytes: number(),
        swapBytes: number(),
        processes: number(),
      }),
    ),
    fits: nullable(number({ description: 'How many more domains of the profile that was asked about' })),
    fitsBy: nullable(
      object({
        resource: oneOf(resourceNames, { description: 'The one that runs out first' }),
        each: number({ description: 'What each of them is promised of it, in its unit' }),
      }),
    ),
  },
  { title: 'GuaranteeReport' },
);
export type GuaranteeReport = Static<typeof guaranteeReport>;

const share = (description: string) => nullable(number({ description }));
const verdict = nullable(
  oneOf(['kept', 'broken', 'unknown'], {
    description: 'Null where nothing is promised; unknown where this kernel does not tell enough',
  }),
);

export const deliveryReport = object(
  {
    name: string(),
    given: nullable(
      object({
        seconds: number({ description: 'How far back it goes' }),
        cpuShare: share('Processors it had: 1 is one all the time'),
        throttledShare: share('Part of the time in which its own limit held it up'),
        waitedShare: share(
          'Part of the time in which a process waited for a processor; cgroup v2 alone tells',
        ),
        hostIdleShare: share("Part of all the host's processor time that nobody used"),
        memoryBytes: nullable(number()),
        leastMemoryBytes: nullable(number()),
        mostMemoryBytes: nullable(number()),
        reclaims: nullable(
          number({ description: 'How often memory below the guarantee was taken; cgroup v2 alone tells' }),
        ),
        limitHits: nullable(number({ description: 'How often it met its own limit of memory' })),
        kills: nullable(number({ description: 'Processes ended for want of memory, by whatever limit' })),
        stalledShare: share('Part of the time in which a process waited for memory; cgroup v2 alone tells'),
      }),
    ),
    cpu: object({
      units: number({ description: 'CPUUNITS' }),
      promisedShare: number({ description: 'Processors: 1 is one all the time' }),
      verdict,
    }),
    memory: object({
      allocationBytes: number({ description: 'Not taken away: VMGUARPAGES, min_guarantee' }),
      survivalBytes: number({ description: 'Nothing is killed below: OOMGUARPAGES' }),
      verdict,
    }),
  },
  { title: 'DeliveryReport' },
);
export type DeliveryReport = Static<typeof deliveryReport>;

export const guarantees = resource({
  delivered: {
    method: 'GET',
    path: '/v1/guarantees/delivered',
    summary: 'What each running domain was promised and given over the last minutes',
    query: {
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
    summary: 'What this host has, has promised, and can still promise',
    query: { profile: string({ description: 'Answer how many more domains of this profile fit' }) },
    body: none,
    answer: json(guaranteeReport),
  },
});
