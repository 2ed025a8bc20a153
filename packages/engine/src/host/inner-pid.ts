// Finds the host's number of a process that a container knows by its own.
// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readlinkSync } from 'node:fs';
import { pidsOf } from './processes.js';

/** Undefined if the container of this init has no such process. */
export function hostPidOf(initPid: number, pid: number): number | undefined {
  if (pid === 1) return initPid;
  const namespace = linkOf(initPid);
  for (const entry of readdirSync('/proc')) {
    const candidate = Number(entry);
    if (!Number.isInteger(candidate) || linkOf(candidate) !== namespace) continue;
    // The last of the numbers is the one of the innermost namespace.
    if (pidsOf(candidate).at(-1) === pid) return candidate;
  }
  return undefined;
}

function linkOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined; // ended meanwhile
  }
}
