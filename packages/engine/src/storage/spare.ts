// Inodes kept back in a limited layer, of which a start needs some: one that is full of files comes up all the same.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../host/gone.js';

/** overlay's folder, and what a start itself writes. */
const FILES = 8;
/** Beside the layer, where nobody in the container sees it. */
const FOLDER = 'spare';

/** How many the folder and its files are. */
export const SPARE_INODES = FILES + 1;

/** For what a start makes from now on. */
export function freeSpare(layer: string): void {
  rmSync(join(layer, FOLDER), { recursive: true, force: true });
}

/** As many as there are left: a layer that an earlier version made may have none. */
export function keepSpare(layer: string): void {
  try {
    mkdirSync(join(layer, FOLDER), { mode: 0o700 });
    for (let file = 0; file < FILES; file++) closeSync(openSync(join(layer, FOLDER, String(file)), 'wx', 0));
  } catch (error) {
    if (!isErrno(error, 'ENOSPC')) throw error;
  }
}
