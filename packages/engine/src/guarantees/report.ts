// The ledger as it is shown.
// SPDX-License-Identifier: Apache-2.0
import type { GuaranteePolicy } from './admission.js';
import type { Delivered } from './delivery.js';
import type { Fit, Held, LedgerRow } from './ledger.js';
import type { Verdict } from './verdict.js';

/** What a running domain is promised and what it holds, in bytes. */
export interface PromisedDomain extends Held {
  readonly name: string;
  readonly allocationBytes: number;
  readonly survivalBytes: number;
  readonly memoryMaxBytes: number | null;
  readonly cpuUnits: number;
}

export interface GuaranteeReport {
  readonly policy: GuaranteePolicy;
  readonly rows: readonly LedgerRow[];
  readonly domains: readonly PromisedDomain[];
  /** How many more of the profile that was asked about; null if it is promised nothing or none was asked about. */
  readonly fits: number | null;
  /** What ends that number: the resource, and what each is promised of it. */
  readonly fitsBy: Pick<Fit, 'resource' | 'each'> | null;
}

/** What a running domain was promised and what it was given over the last minutes. */
export interface DeliveryReport {
  readonly name: string;
  /** Null before it was looked at twice. */
  readonly given: Delivered | null;
  readonly cpu: {
    readonly units: number;
    /** Of one processor: 1 is one processor. */
    readonly promisedShare: number;
    readonly verdict: Verdict;
  };
  readonly memory: {
    readonly allocationBytes: number;
    readonly survivalBytes: number;
    readonly verdict: Verdict;
  };
}
