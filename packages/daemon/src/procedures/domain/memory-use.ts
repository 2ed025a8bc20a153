// How a running domain's memory is used, for all that tell it.
// SPDX-License-Identifier: Apache-2.0
import { totalmem } from 'node:os';
import type { MemoryCounters } from '@ctvirt/engine';

export const hostMemoryKiB = Math.round(totalmem() / 1024);

/** In libvirt's words; null of what this kernel does not count. */
export function memoryUseOf({ usedKiB, limitKiB, faults, majorFaults, ...more }: MemoryCounters) {
  // A limit above the host's memory gives a container no more than the host has.
  const availableKiB = Math.min(limitKiB ?? hostMemoryKiB, hostMemoryKiB);
  const unusedKiB = usedKiB === null ? null : Math.max(0, availableKiB - usedKiB);
  return {
    ...more,
    availableKiB,
    unusedKiB,
    usableKiB: unusedKiB === null ? null : Math.min(availableKiB, unusedKiB + (more.cacheKiB ?? 0)),
    majorFaults,
    minorFaults: faults === null || majorFaults === null ? null : faults - majorFaults,
  };
}
