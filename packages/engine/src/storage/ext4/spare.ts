// Inodes kept back in a limited layer, of which a start needs some: one that is full of files comes up all the same.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../../host/gone.js';

/** overlay's folder, and what a start itself writes. */
const FILES = 8;
/** Blocks that the same needs; the spare's folder has one of them. */
const FEW_BLOCKS = 8;
/** Beside the layer, where nobody in the container sees it. */
const FOLDER = 'spare';

/** How many the folder and its files are. */
export const SPARE_INODES = FILES + 1;

/** For what a start makes from now on, where that does not find enough without. */
export function freeSpare(layer: string): void {
  const { ffree, bfree } = statfsSync(layer);
  if (ffree >= SPARE_INODES && bfree >= FEW_BLOCKS) return;
  rmSync(join(layer, FOLDER), { recursive: true, force: true });
}

/**
 * Those that are not there, as many as there are left: a layer that an earlier version made may have none. They stay from then on,
 * written at once, so that a start asks the host's disk for nothing on their account.
 */
export function keepSpare(layer: string): void {
  const folder = join(layer, FOLDER);
  try {
    makeFolder(folder);
    if (readdirSync(folder).length >= FILES) return;
    for (let file = 0; file < FILES; file++) write(join(folder, String(file)), 'a');
    write(folder, 'r');
  } catch (error) {
    if (!isErrno(error, 'ENOSPC')) throw error;
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
}

function write(path: string, flags: string): void {
  const file = openSync(path, flags, 0);
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
