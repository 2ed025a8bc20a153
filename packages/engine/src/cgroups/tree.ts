// Walks a group and the groups below it, however deep a container has nested them.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, readdirSync } from 'node:fs';
import { unlessGone } from '../host/gone.js';
import { isSliceOver, nextSlice } from '../slices.js';

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
    while (ahead.length > 0) {
      const name = ahead.at(-1)?.pop();
      if (name !== undefined) {
        if (!step(name)) continue;
        enter(pathOf(here));
        names.push(name);
        ahead.push(foldersIn(here));
        // A container may make very many.
        if (isSliceOver()) await nextSlice();
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
