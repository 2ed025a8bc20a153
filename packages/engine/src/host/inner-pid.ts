// Finds the host's number of a process that a container knows by its own.
// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Undefined if the container of this init has no such process. */
export function hostPidOf(initPid: number, pid: number): number | undefined {
  if (pid === 1) return initPid;
  const namespace = linkOf(initPid);
  for (const entry of readdirSync('/proc')) {
    const candidate = Number(entry);
    if (!Number.isInteger(candidate) || linkOf(candidate) !== namespace) continue;
    if (innerPidOf(candidate) === pid) return candidate;
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

/** The last of the numbers is the one of the innermost namespace. */
function innerPidOf(pid: number): number | undefined {
  try {
    const numbers = /^NSpid:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(numbers?.split(/\s+/).at(-1));
  } catch {
    return undefined; // ended meanwhile
  }
}
