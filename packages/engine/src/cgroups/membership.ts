// Whether a process stands where its limits are set, in each hierarchy that has any of them.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { unlessGone } from '../host/gone.js';
import { isEnding } from '../host/processes.js';
import type { CgroupLayout, Controller } from './layout.js';

/** Controllers in whose hierarchy a process is neither in the group nor below it; none if the process is ending. */
export function strayControllers(
  layout: Pick<CgroupLayout, 'version'>,
  pid: number,
  group: string,
  controllers: Iterable<Controller>,
): Controller[] {
  const text = unlessGone(() => readFileSync(`/proc/${pid}/cgroup`, 'utf8'));
  if (text === undefined) return []; // it has ended
  const stray = strayIn(layout, text, group, controllers);
  // Of one that is ending the kernel says that it is in no group.
  return stray.length > 0 && isEnding(pid) ? [] : stray;
}

/** The same by what the kernel tells of a process. */
export function strayIn(
  { version }: Pick<CgroupLayout, 'version'>,
  text: string,
  group: string,
  controllers: Iterable<Controller>,
): Controller[] {
  const inside = new Set<string>();
  for (const line of text.split('\n')) {
    const [number, names = '', ...path] = line.split(':');
    // Seen from inside a container, the daemon's own groups are below that container's.
    if (!`${path.join(':')}/`.includes(`/${group}/`)) continue;
    for (const name of number === '0' ? ['0'] : names.split(',')) inside.add(name);
  }
  return [...new Set(controllers)].filter((controller) => !inside.has(version === 2 ? '0' : controller));
}
