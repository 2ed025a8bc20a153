// The groups that liblxc makes for a container: which there are, and how they go when it is gone.
// SPDX-License-Identifier: Apache-2.0
import { chmodSync, existsSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { unlessGone } from '../host/gone.js';
import { killGroup } from './freezer.js';
import type { CgroupLayout } from './layout.js';
import { walkTree } from './tree.js';

/** How long a group may stay in use by processes that are already dying. */
const DYING_MS = 5000;

/**
 * Removes the groups of a container that is gone: liblxc leaves some after a failed start, and numbers the next ones. What still
 * runs in them, of a start that broke off, is ended. Returns those that are in use for all that.
 */
export async function removeContainerGroups(
  layout: CgroupLayout,
  parent: string,
  name: string,
  isOther: (name: string) => boolean,
): Promise<string[]> {
  for (const deadline = performance.now() + DYING_MS; ; ) {
    const groups = layout.all(parent).flatMap((folder) => containerGroups(folder, name, isOther));
    for (const group of groups) await removeDeep(group);
    const left = groups.filter((group) => existsSync(group));
    if (left.length === 0 || performance.now() > deadline) return left;
    for (const group of new Set(left.map((path) => basename(path))))
      await killGroup(layout, `${parent}/${group}`);
    await sleep(5);
  }
}

/** Groups that a container makes of its own cost the kernel more than they cost the container. */
export const mostGroups = { 'cgroup.max.descendants': 4096, 'cgroup.max.depth': 64 } as const;

/**
 * Lets a container make no groups of its own where cgroup v1 has no number for how many: the host has 65535 of memory for all, and a
 * domain takes as long to end as it has groups. What has no controller is left to it, for systemd.
 */
export function boundGroups(layout: CgroupLayout, group: string): void {
  if (layout.version === 2) return; // liblxc sees to it
  for (const folder of layout.controlled(group)) unlessGone(() => chmodSync(folder, 0o755));
  for (const folder of layout.all(group))
    for (const [file, most] of Object.entries(mostGroups))
      unlessGone(() => writeFileSync(join(folder, file), String(most), { flag: 'r+' }));
}

/** Whose groups there are below `parent`: names of containers, numbered ones as they are. */
export function containersIn(layout: CgroupLayout, parent: string): string[] {
  const groups = layout.all(parent).flatMap((folder) => unlessGone(() => readdirSync(folder)) ?? []);
  const names = groups.flatMap((group) => /^lxc\.(?:payload|monitor)\.(.+)$/.exec(group)?.[1] ?? []);
  return [...new Set(names)];
}

/** Whose groups liblxc has given this name, if it has numbered them. */
export const unnumbered = (name: string): string => name.replace(/-\d+$/, '');

/**
 * With the numbered ones, up to where two are missing. Asked for by name: to list the groups of all containers at the end of each
 * takes the longer the more there are.
 */
function containerGroups(folder: string, name: string, isOther: (name: string) => boolean): string[] {
  const there = (whose: string): string[] =>
    ['payload', 'monitor']
      .map((kind) => join(folder, `lxc.${kind}.${whose}`))
      .filter((path) => existsSync(path));
  const found = there(name);
  for (let number = 1, missing = 0; missing < 2; number++) {
    const groups = there(`${name}-${number}`);
    missing = groups.length === 0 ? missing + 1 : 0;
    if (groups.length > 0 && !isOther(`${name}-${number}`)) found.push(...groups);
  }
  return found;
}

/** Removes a group with those below it, as far as they are empty. */
async function removeDeep(group: string): Promise<void> {
  await walkTree(group, () => undefined, removeEmpty);
  removeEmpty(group);
}

function removeEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // still in use, or gone meanwhile: whoever asked looks again
  }
}
