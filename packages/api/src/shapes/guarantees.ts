// The host's ledger: what it has, what it has promised, and what it can still promise.
// SPDX-License-Identifier: Apache-2.0
import {
  boolean,
  integer,
  list,
  nullable,
  number,
  object,
  oneOf,
  optional,
  record,
  type Static,
  strict,
  string,
} from '../schema.js';

/** What becomes of a promise that the host cannot keep. */
export const guaranteePolicy = oneOf(['strict', 'warn', 'off'], {
  description: 'What becomes of a promise that the host cannot keep: refused, remarked, or not looked at',
});
/** What becomes of a promise that the host cannot keep. */
export type GuaranteePolicy = Static<typeof guaranteePolicy>;

/** A resource that can be promised, or counts in the ledger. */
export const ledgerResource = oneOf(['allocation', 'survival', 'cpu', 'processes'], {
  description: 'Memory not taken away, memory below which nothing is killed, processor time, processes',
});
/** A resource of the ledger. */
export type LedgerResource = Static<typeof ledgerResource>;

/** One resource of the host; all numbers in its unit. */
export const ledgerRow = object(
  {
    resource: ledgerResource,
    unit: oneOf(['bytes', 'units', 'count'], { description: 'Of the numbers of this row' }),
    promisedBy: string({ description: 'The parameters that promise it' }),
    capacity: number({ description: 'What the host has: memory and swap, CPU units, processes' }),
    reserve: number({ description: 'Kept for the host: guarantee_reserve_mib of ctvirtd.conf' }),
    guaranteed: number({ description: 'Promised to all running domains together' }),
    limited: nullable(number({ description: 'All limits together; null if a domain has none' })),
    used: number({ description: 'What the running domains hold now; 0 of processor time' }),
    headroom: nullable(
      number({
        description:
          'What can still be promised; below zero is overcommitted. Null where nothing is promised, only limited',
      }),
    ),
  },
  { title: 'LedgerRow', description: 'One resource of the host, in its unit' },
);
/** One resource of the host. */
export type LedgerRow = Static<typeof ledgerRow>;

/** What a running domain is promised, and what it holds. */
export const promisedDomain = object(
  {
    name: string({ description: "The domain's name" }),
    allocationBytes: number({ description: 'Not taken away: VMGUARPAGES, min_guarantee' }),
    survivalBytes: number({ description: 'Nothing is killed below: OOMGUARPAGES' }),
    memoryMaxBytes: nullable(number({ description: 'Its limit of memory; null if it has none' })),
    cpuUnits: number({ description: 'CPUUNITS, or what its `<shares>` come to' }),
    memoryBytes: number({ description: 'Memory that it holds now, by its group' }),
    swapBytes: number({ description: 'Swap that it holds now, by its group' }),
    processes: number({ description: "Threads too: its group's pids.current" }),
  },
  { title: 'PromisedDomain', description: 'What a running domain is promised, and what it holds' },
);
/** What a running domain is promised, and what it holds. */
export type PromisedDomain = Static<typeof promisedDomain>;

/** What ends the number of domains that fit. */
export const scarcest = object(
  {
    resource: ledgerResource,
    each: number({ description: 'What each of them is promised of it, in its unit' }),
  },
  { description: 'The resource that runs out first' },
);

/** The ledger, and how many more domains of a profile it has room for. */
export const guaranteeReport = object(
  {
    policy: guaranteePolicy,
    rows: list(ledgerRow, { description: 'One for each resource' }),
    domains: list(promisedDomain, { description: 'All that run' }),
    fits: nullable(
      number({
        description:
          'How many more domains like the one that was asked about; null if none was, or it promises nothing',
      }),
    ),
    fitsBy: nullable(scarcest),
    promisesNothing: boolean({
      description:
        'Whether what was asked about says no promise: any number fits by promises, and `fits` is of the usual share of processors alone',
    }),
  },
  { title: 'GuaranteeReport', description: 'What the host has, has promised, and can still promise' },
);
/** What the host has, has promised, and can still promise. */
export type GuaranteeReport = Static<typeof guaranteeReport>;

/** How many more domains of a profile the ledger has room for. */
export const profileFit = object(
  {
    profile: string({ description: 'Its name' }),
    fits: guaranteeReport.properties.fits,
    fitsBy: nullable(scarcest),
    promisesNothing: guaranteeReport.properties.promisesNothing,
  },
  { title: 'ProfileFit', description: 'How many more domains of a profile fit' },
);
/** How many more domains of a profile the ledger has room for. */
export type ProfileFit = Static<typeof profileFit>;

/** More domains of one kind, as they would be if somebody started them, or some that there are with other parameters. */
export const whatIfRequest = strict({
  xml: optional(string({ description: 'Of this document' })),
  profile: optional(string({ minLength: 1, description: 'Or of this profile, and nothing else' })),
  count: optional(integer({ minimum: 1, maximum: 10_000, description: 'So many of them (default: 1)' })),
  domains: optional(
    list(string({ minLength: 1 }), {
      minItems: 1,
      maxItems: 10_000,
      description:
        'Or of these domains, by name, UUID or id, as they would run with `values`: in the place of those that run, beside them of those that are off',
    }),
  ),
  values: optional(
    record(string({ maxLength: 64 }), string({ maxLength: 4096 }), {
      description: "With `domains`: parameters that are set, by OpenVZ's names in vzctl's spelling",
    }),
  ),
});
/** More domains of one kind, or some that there are with other parameters. */
export type WhatIfRequest = Static<typeof whatIfRequest>;

/** The ledger now, and with so many more domains, or with those that were named as they would be. */
export const whatIfReport = object(
  {
    ...guaranteeReport.properties,
    count: number({ description: 'How many were asked about' }),
    after: list(ledgerRow, { description: 'The rows, if they ran too and held no more yet' }),
    isKept: boolean({
      description: 'Whether the promises of all of them could be kept, or nothing more is promised to any',
    }),
    processors: nullable(
      list(list(integer()), {
        description:
          'Where each of the first 256 would run, beside those that run now; null where each may run on all of the host, and for `domains`',
      }),
    ),
  },
  { title: 'WhatIfReport', description: 'The ledger now, and with so many more domains' },
);
/** The ledger now, and with so many more domains. */
export type WhatIfReport = Static<typeof whatIfReport>;
