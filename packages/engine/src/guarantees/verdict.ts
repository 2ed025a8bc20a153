// Whether promises were kept, by what was delivered: said only where the kernel tells enough.
// SPDX-License-Identifier: Apache-2.0
import type { Delivered, Verdict } from '@ctvirt/api';

/** So much of the time may be lost to sampling and the scheduler's grain. */
const TOLERANCE = 0.05;
/** A host with so much of its processor time left has stood in nobody's way. */
const ROOM = 0.1;

/**
 * A share of the processors, of one as in Delivered. Who had it, or did not ask for it, was kept the promise; waiting for
 * one's own limit is no breach. cgroup v1 does not tell who waits: there only a host with room left is sure.
 */
export function cpuVerdict(promisedShare: number, given: Delivered | undefined): Verdict {
  if (given === undefined) return 'unknown';
  const { cpuShare, throttledShare, waitedShare, hostIdleShare } = given;
  if (cpuShare === null) return 'unknown';
  if (cpuShare >= promisedShare * (1 - TOLERANCE)) return 'kept';
  if (waitedShare !== null) return waitedShare - (throttledShare ?? 0) > TOLERANCE ? 'broken' : 'kept';
  return hostIdleShare !== null && hostIdleShare > ROOM ? 'kept' : 'unknown';
}

/**
 * `allocationBytes` are not to be taken away, below `survivalBytes` nothing is to be killed. cgroup v1 has no guarantee
 * that it could tell the breach of.
 */
export function memoryVerdict(
  promised: { readonly allocationBytes: number; readonly survivalBytes: number },
  given: Delivered | undefined,
): Verdict {
  const { allocationBytes, survivalBytes } = promised;
  if (allocationBytes === 0 && survivalBytes === 0) return null;
  if (given === undefined) return 'unknown';
  const { reclaims, kills, mostMemoryBytes } = given;
  if (survivalBytes > 0 && (kills ?? 0) > 0 && (mostMemoryBytes ?? 0) <= survivalBytes) return 'broken';
  if (allocationBytes > 0 && (reclaims ?? 0) > 0) return 'broken';
  const isTold =
    (allocationBytes === 0 || reclaims !== null) &&
    (survivalBytes === 0 || (kills !== null && mostMemoryBytes !== null));
  return isTold ? 'kept' : 'unknown';
}
