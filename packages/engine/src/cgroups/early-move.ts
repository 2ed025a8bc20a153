// The wait that comes with moving a process into another group, begun before anybody needs it.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, readFileSync, write } from 'node:fs';
import { join } from 'node:path';
import type { CgroupLayout } from './layout.js';

type Layout = Pick<CgroupLayout, 'version' | 'path'>;

/**
 * After some 20 ms without moves the kernel lets the first one wait until all processors have passed through it (a grace period of RCU,
 * 5 to 7 ms on two of them), and those soon after it do not wait. Who is about to start or enter a container, which moves some, begins
 * the wait here and goes on: the daemon is moved to where it is already.
 */
export function beginMoves(layout: Layout): void {
  const file = openOwnGroup(layout);
  if (file === undefined) return;
  // `0` is whoever writes it. Beside this thread, and at once: what it does next leaves no time for the next step of a promise.
  write(file, '0', () => closeSync(file));
}

function openOwnGroup(layout: Layout): number | undefined {
  try {
    const path = ownGroup(layout, readFileSync('/proc/self/cgroup', 'utf8'));
    return path === undefined ? undefined : openSync(join(path, 'cgroup.procs'), 'w');
  } catch {
    return undefined; // what comes then waits by itself, and says what is wrong with the groups
  }
}

/** The kernel has one lock for all hierarchies: of v1 the one does that each start needs. */
export function ownGroup({ version, path }: Layout, text: string): string | undefined {
  const wanted = version === 2 ? '' : 'freezer';
  for (const line of text.split('\n')) {
    const [, names = '', ...group] = line.split(':');
    if (group.length > 0 && names.split(',').includes(wanted)) return path('freezer', group.join(':'));
  }
  return undefined;
}
