// Looks at runs as a test would have them.
// SPDX-License-Identifier: Apache-2.0
import type { Look } from '../drivers/driver.js';

/** After so many seconds: of a kernel that does not tell who waits. */
export const lookAt = (seconds: number, more: Partial<Look> = {}): Look => ({
  atMs: seconds * 1000,
  cpuNs: 0,
  throttledNs: 0,
  waitedNs: Number.NaN,
  memoryBytes: 4096,
  reclaims: Number.NaN,
  limitHits: 0,
  kills: 0,
  stalledNs: Number.NaN,
  hostTicks: 0,
  hostIdleTicks: 0,
  use: { usedMemoryKiB: 4, cpuTimeNs: 0, processes: 3, maxProcesses: null },
  cpu: { totalNs: 0, userNs: 0, systemNs: 0 },
  memory: { usedKiB: 4, limitKiB: null, rssKiB: 1, cacheKiB: 3, swapKiB: 2, faults: 0, majorFaults: 0 },
  io: { readBytes: 0, writtenBytes: 0, reads: 0, writes: 0 },
  ioWaitedNs: Number.NaN,
  refused: 0,
  links: [],
  ...more,
});
