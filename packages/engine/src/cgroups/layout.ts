// Which cgroup world this host has, and where a container's groups lie in it.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cgroupVersion } from '../host/facts.js';
import { isErrno, isGone } from '../host/gone.js';
import { walkTree } from './tree.js';

const ROOT = '/sys/fs/cgroup';

/** Controllers of cgroup v1 and v2 that the engine uses. */
export type Controller =
  | 'memory'
  | 'cpu'
  | 'cpuacct'
  | 'cpuset'
  | 'pids'
  | 'blkio'
  | 'io'
  | 'devices'
  | 'freezer';

/** `v1` also stands for the hybrid layout, in which a v2 mount exists but holds no resource controller. */
export interface CgroupLayout {
  readonly version: 1 | 2;
  readonly controllers: ReadonlySet<string>;
  /** The folder of a group in a controller's hierarchy, e.g. ('memory', 'ctvirt/lxc.payload.105'). */
  path(controller: Controller, group: string): string;
  /** The folders of a group in all hierarchies. */
  all(group: string): string[];
  /** Of those, the ones that have controllers. */
  controlled(group: string): string[];
}

/** Finds the mounted hierarchies. */
export function detectCgroups(version = cgroupVersion()): CgroupLayout {
  if (version === 2) {
    const controllers = new Set(readFileSync(join(ROOT, 'cgroup.controllers'), 'utf8').trim().split(' '));
    return {
      version: 2,
      controllers,
      path: (_, group) => join(ROOT, group),
      all: (group) => [join(ROOT, group)],
      controlled: (group) => [join(ROOT, group)],
    };
  }
  // /proc/self/cgroup names what is mounted together, as "4:cpu,cpuacct:/".
  const hierarchies = readdirSync(ROOT);
  const folders = new Map<string, string>();
  for (const line of readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n')) {
    const names = (line.split(':')[1] ?? '')
      .split(',')
      .filter((name) => name !== '' && !name.startsWith('name='));
    for (const name of names) {
      const folder =
        hierarchies.find((entry) => entry === names.join(',')) ??
        hierarchies.find((entry) => entry.split(',').includes(name));
      if (folder !== undefined) folders.set(name, join(ROOT, folder));
    }
  }
  return {
    version: 1,
    controllers: new Set(folders.keys()),
    path: (controller, group) => join(folders.get(controller) ?? join(ROOT, controller), group),
    all: (group) => hierarchies.map((entry) => join(ROOT, entry, group)),
    controlled: (group) => [...new Set(folders.values())].map((folder) => join(folder, group)),
  };
}

/**
 * Whether groups of a controller have a file. Some files are missing in the root group, so a group of ours is looked at.
 * v2 shows them only where the parent passes the controller on, which liblxc sees to at the first start: of block I/O,
 * whose files depend on modules that may come later, it is done here.
 */
export function groupsHave(
  layout: CgroupLayout,
  controller: Controller,
  file: string,
  ours: string,
): boolean {
  if (layout.version === 2 && controller !== 'io') return true;
  if (existsSync(join(layout.path(controller, ''), file))) return true;
  // A cpuset group would first have to be given its processors.
  if (controller !== 'cpuset') mkdirSync(layout.path(controller, ours), { recursive: true });
  if (layout.version === 2 && layout.controllers.has(controller))
    writeFileSync(join(layout.path(controller, ''), 'cgroup.subtree_control'), `+${controller}`);
  return existsSync(join(layout.path(controller, ours), file));
}

/**
 * The processes of a group itself; none if it has gone. Where a container spreads threads of one over groups (v2), the topmost of
 * these has all of their processes, and those below may not be asked.
 */
export function processesOf(folder: string): number[] {
  try {
    return readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
  } catch (error) {
    if (isGone(error) || isErrno(error, 'ENOTSUP')) return [];
    throw error;
  }
}

/** The processes of a group and of those below it: a container may have made some, as many and as deep as it may. */
export async function processesIn(folder: string): Promise<number[]> {
  const found: number[] = [];
  await walkTree(folder, (path) => {
    for (const pid of processesOf(path)) found.push(pid);
  });
  return found;
}

/** A number of a cgroup file; null for `max`, and where the file is not there. */
export function readNumber(path: string): number | null {
  try {
    const value = Number(readFileSync(path, 'utf8').trim());
    // v1 writes "no limit" as the largest page-aligned 63-bit number.
    return Number.isFinite(value) && value < 2 ** 62 ? value : null;
  } catch {
    return null; // the group ended meanwhile, or this kernel has no such file
  }
}

/** Removes an empty group, and groups below it, from all hierarchies; those still in use stay. */
export function removeGroup(layout: CgroupLayout, group: string): void {
  for (const folder of layout.all(group)) removeTree(folder);
}

function removeTree(folder: string): void {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true }))
      if (entry.isDirectory()) removeTree(join(folder, entry.name));
    rmdirSync(folder);
  } catch {
    // not there in this hierarchy, or in use by a container that still runs
  }
}
