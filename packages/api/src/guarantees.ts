// Guarantees over HTTP: the host's ledger of promises.
// SPDX-License-Identifier: Apache-2.0
import { json, none, resource } from './route.js';
import { list, nullable, number, object, oneOf, type Static, string } from './schema.js';

export const guaranteeReport = object(
  {
    policy: oneOf(['strict', 'warn', 'off']),
    rows: list(
      object({
        resource: oneOf(['allocation', 'survival', 'cpu', 'processes']),
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
  },
  { title: 'GuaranteeReport' },
);
export type GuaranteeReport = Static<typeof guaranteeReport>;

export const guarantees = resource({
  show: {
    method: 'GET',
    path: '/v1/guarantees',
    summary: 'What this host has, has promised, and can still promise',
    query: { profile: string({ description: 'Answer how many more domains of this profile fit' }) },
    body: none,
    answer: json(guaranteeReport),
  },
});
