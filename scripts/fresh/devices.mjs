// The device nodes of a /dev, to be compared before and after a command: whoever binds a node shares its mode with the host.
// SPDX-License-Identifier: Apache-2.0
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Terminals come and go, and belong to whoever has one; loop devices come when somebody asks for one more. */
const passing = /^(pts|shm|mqueue|loop\d+)$/;

/**
 * What each entry below `folder` is, by its path.
 *
 * @param {string} [folder]
 * @param {string} [below]
 * @returns {Record<string, string>}
 */
export function deviceNodes(folder = '/dev', below = '') {
  /** @type {Record<string, string>} */
  const found = {};
  for (const name of readdirSync(join(folder, below)).sort()) {
    if (below === '' && passing.test(name)) continue;
    const path = join(below, name);
    const stats = lstatSync(join(folder, path));
    if (stats.isDirectory()) Object.assign(found, deviceNodes(folder, path));
    else
      found[path] =
        `inode ${stats.ino} mode ${stats.mode.toString(8)} owner ${stats.uid}:${stats.gid} device ${stats.rdev}`;
  }
  return found;
}

/**
 * One line for each node that differs.
 *
 * @param {Readonly<Record<string, string>>} before
 * @param {Readonly<Record<string, string>>} after
 */
export function changedNodes(before, after) {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name) =>
    before[name] === after[name]
      ? []
      : [`/dev/${name}: ${before[name] ?? 'not there'}, now ${after[name] ?? 'gone'}`],
  );
}
