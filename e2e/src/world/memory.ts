// How much memory the daemon holds, and whether that grows without end.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import type { World } from './world.js';

/** What the daemon holds of the machine's memory, in KiB; nothing when it has ended. */
export function memoryOf(world: World): number {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${world.daemonPid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/**
 * Bounded: the second half of a long run never needs more than so many MiB above what the first half needed. A garbage collector
 * takes its time and lets the heap double before it does, so no two readings are compared, and a short run says nothing.
 */
export function growthOf(readings: readonly number[], allowedMiB = 20): string[] {
  if (readings.length < 20) return [];
  const half = Math.floor(readings.length / 2);
  const [early, late] = [Math.max(...readings.slice(0, half)), Math.max(...readings.slice(half))];
  return late > early + allowedMiB * 1024
    ? [`memory grows: ${early} KiB in the first half, ${late} KiB in the second`]
    : [];
}
