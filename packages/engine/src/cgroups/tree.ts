// Walks a group and the groups below it, however deep a container has nested them.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, readdirSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { unlessGone } from '../host/gone.js';

/** So many groups are looked at before others have their turn: a container may make very many. */
const AT_ONCE = 500;

/**
 * Calls `enter` with the path of each group, parents first, and `leave` with that of each but the top one, parents last. What
 * goes away meanwhile is passed over. One descriptor leads from group to group, since their paths may be longer than any that
 * the kernel takes.
 */
export async function walkTree(
  folder: string,
  enter: (path: string) => void,
  leave: (path: string) => void = () => undefined,
): Promise<void> {
  let here = open(folder);
  if (here === undefined) return;
  const step = (name: string): boolean => {
    const next = here === undefined ? undefined : open(`${pathOf(here)}/${name}`);
    if (next === undefined) return false;
    if (here !== undefined) closeSync(here);
    here = next;
    return true;
  };
  try {
    enter(pathOf(here));
    const names: string[] = [];
    const ahead = [foldersIn(here)];
    for (let seen = 1; ahead.length > 0; ) {
      const name = ahead.at(-1)?.pop();
      if (name !== undefined) {
        if (!step(name)) continue;
        enter(pathOf(here));
        names.push(name);
        ahead.push(foldersIn(here));
        if (++seen % AT_ONCE === 0) await turn();
        continue;
      }
      ahead.pop();
      const left = names.pop();
      if (left === undefined || !step('..')) return;
      leave(`${pathOf(here)}/${left}`);
    }
  } finally {
    closeSync(here);
  }
}

const pathOf = (fd: number): string => `/proc/self/fd/${fd}`;

const open = (path: string): number | undefined => unlessGone(() => openSync(path, 'r'));

function foldersIn(fd: number): string[] {
  const entries = unlessGone(() => readdirSync(pathOf(fd), { withFileTypes: true })) ?? [];
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
