// The host's ledger: what it has, what it keeps for itself, what is promised, and what is left, by OpenVZ's formulas.
// SPDX-License-Identifier: Apache-2.0
import type { LedgerResource, LedgerRow } from '@ctvirt/api';
import type { Held } from '../drivers/driver.js';
import type { Shortage } from '../errors.js';
import type { Claim } from '../lifecycle/claim.js';
import type { Capacity } from './capacity.js';

interface Kind {
  readonly resource: LedgerResource;
  readonly unit: LedgerRow['unit'];
  readonly promisedBy: string;
  readonly capacity: (host: Capacity) => number;
  readonly reserve: (reserveBytes: number) => number;
  /** Undefined: nothing is promised, only limited. */
  readonly guaranteed?: (claim: Claim) => number;
  readonly limit: (claim: Claim) => number | null;
  readonly used: (held: Held) => number;
}

const withSwap = {
  unit: 'bytes',
  capacity: ({ memoryBytes, swapBytes }: Capacity) => memoryBytes + swapBytes,
  reserve: (bytes: number) => bytes,
  limit: ({ memoryMaxBytes }: Claim) => memoryMaxBytes,
  used: ({ memoryBytes, swapBytes }: Held) => memoryBytes + swapBytes,
} as const;

const kinds: readonly Kind[] = [
  {
    ...withSwap,
    resource: 'allocation',
    promisedBy: 'vmguarpages, min_guarantee',
    guaranteed: ({ allocationBytes, kernelBytes }) => allocationBytes + kernelBytes,
  },
  {
    ...withSwap,
    resource: 'survival',
    promisedBy: 'oomguarpages',
    guaranteed: ({ survivalBytes, kernelBytes }) => survivalBytes + kernelBytes,
  },
  {
    resource: 'cpu',
    unit: 'units',
    promisedBy: 'cpuunits',
    capacity: ({ cpuUnits }) => cpuUnits,
    reserve: () => 0,
    guaranteed: ({ cpuUnits }) => cpuUnits,
    limit: () => null,
    used: () => 0,
  },
  {
    resource: 'processes',
    unit: 'count',
    promisedBy: 'numproc',
    capacity: ({ processes }) => processes,
    reserve: () => 0,
    limit: ({ processesMax }) => processesMax,
    used: ({ processes }) => processes,
  },
];

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** The ledger with these claims in it. */
export function ledgerOf(
  host: Capacity,
  reserveBytes: number,
  claims: readonly Claim[],
  held: Held,
): LedgerRow[] {
  return kinds.map(({ resource, unit, promisedBy, capacity, reserve, guaranteed, limit, used }) => {
    const limits = claims.map(limit);
    const promised = guaranteed === undefined ? 0 : sum(claims.map(guaranteed));
    const kept = reserve(reserveBytes);
    return {
      resource,
      unit,
      promisedBy,
      capacity: capacity(host),
      reserve: kept,
      guaranteed: promised,
      limited: limits.every((each) => each !== null) ? sum(limits) : null,
      used: used(held),
      headroom: guaranteed === undefined ? null : capacity(host) - kept - promised,
    };
  });
}

/** A ledger with so many more domains like this one, of which each holds nothing yet. */
export const withMore = (ledger: readonly LedgerRow[], claim: Claim, count: number): LedgerRow[] =>
  ledger.map((row) => {
    const kind = kinds.find(({ resource }) => resource === row.resource);
    const promised = count * (kind?.guaranteed?.(claim) ?? 0);
    const limit = kind?.limit(claim) ?? null;
    return {
      ...row,
      guaranteed: row.guaranteed + promised,
      limited: row.limited === null || limit === null ? null : row.limited + count * limit,
      headroom: row.headroom === null ? null : row.headroom - promised,
    };
  });

/** How many more domains fit, by the resource that runs out first. */
export interface Fit {
  readonly fits: number;
  readonly resource: LedgerResource;
  /** What each of them is promised of it, in its unit. */
  readonly each: number;
}

/** How many more domains like this one the ledger can promise for; null if it asks for no promise. */
export function howManyFit(ledger: readonly LedgerRow[], claim: Claim): Fit | null {
  const fits = kinds.flatMap(({ resource, guaranteed }): Fit[] => {
    const each = guaranteed?.(claim) ?? 0;
    const headroom = ledger.find((row) => row.resource === resource)?.headroom ?? 0;
    return each > 0 ? [{ fits: Math.max(0, Math.floor(headroom / each)), resource, each }] : [];
  });
  return fits.sort((a, b) => a.fits - b.fits)[0] ?? null;
}

/** Whether a claim asks to be promised more of anything than another. */
export const asksMore = (claim: Claim, than: Claim): boolean =>
  kinds.some(({ guaranteed }) => guaranteed !== undefined && guaranteed(claim) > guaranteed(than));

/** Whether what a ledger has too little of is promised to any of these. */
export const isShortFor = (ledger: readonly LedgerRow[], claims: readonly Claim[]): boolean =>
  kinds.some(({ resource, guaranteed }) => {
    const headroom = ledger.find((row) => row.resource === resource)?.headroom ?? 0;
    return headroom < 0 && guaranteed !== undefined && claims.some((claim) => guaranteed(claim) > 0);
  });

/** What of a newcomer's promises the host could not keep beside the others. */
export function shortagesOf(
  host: Capacity,
  reserveBytes: number,
  others: readonly Claim[],
  newcomer: Claim,
): Shortage[] {
  return kinds.flatMap(({ resource, promisedBy, capacity, reserve, guaranteed }) => {
    const asked = guaranteed?.(newcomer) ?? 0;
    const promised = guaranteed === undefined ? 0 : sum(others.map(guaranteed));
    const missing = promised + asked - (capacity(host) - reserve(reserveBytes));
    return asked > 0 && missing > 0
      ? [
          {
            resource,
            promisedBy,
            capacity: capacity(host),
            reserve: reserve(reserveBytes),
            promised,
            asked,
            missing,
          },
        ]
      : [];
  });
}
