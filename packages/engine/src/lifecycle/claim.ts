// What one domain has been promised and may take at most, in the host's own units.
// SPDX-License-Identifier: Apache-2.0
import { kernelMemory, ubcOf, unlimited } from '@ctvirt/formats';
import { commonShares, type Domain } from '@ctvirt/xml';
import { resourcesIn } from './resources.js';

/** What a document is promised. */
export interface Claim {
  readonly name: string;
  /** VMGUARPAGES and min_guarantee: memory whose allocation does not fail. */
  readonly allocationBytes: number;
  /** OOMGUARPAGES: memory and swap below which nothing is killed. */
  readonly survivalBytes: number;
  /** Kernel memory and socket buffers at their limits, which OpenVZ counts beside both. */
  readonly kernelBytes: number;
  /** Null: without limit. */
  readonly memoryMaxBytes: number | null;
  readonly processesMax: number | null;
  /** OpenVZ's CPUUNITS; the usual ones where the document says none. */
  readonly cpuUnits: number;
}

/** Whether the document itself promises anything: the usual share of processors it has like all others. */
export function promisesNothing(domain: Domain, facts: { pageSize: number; hostCpus: number }): boolean {
  const { allocationBytes, survivalBytes, kernelBytes } = claimOf(domain, facts);
  const isMemory = allocationBytes > 0 || survivalBytes > 0 || kernelBytes > 0;
  return !isMemory && resourcesIn(domain, facts).cpuShares === undefined;
}

/** Returns what a document is promised. */
export function claimOf(domain: Domain, facts: { pageSize: number; hostCpus: number }): Claim {
  const resources = resourcesIn(domain, facts);
  const kernel = kernelMemory.map((key) => ubcOf(domain, key)?.limit ?? 0n);
  return {
    name: domain.name,
    allocationBytes: resources.memoryLowBytes ?? 0,
    survivalBytes: resources.memoryMinBytes ?? 0,
    kernelBytes: kernel.every((limit) => limit < unlimited) ? Number(kernel.reduce((a, b) => a + b, 0n)) : 0,
    memoryMaxBytes: resources.memoryMaxBytes ?? null,
    processesMax: resources.pidsMax ?? null,
    cpuUnits: Math.round(((resources.cpuShares ?? commonShares) * 1000) / commonShares),
  };
}
