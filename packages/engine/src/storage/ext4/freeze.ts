// Holds the writers of a mounted file system: by a guard of its own, which lets them go on whatever becomes of the daemon.
// SPDX-License-Identifier: Apache-2.0

import { closeSync, constants, openSync } from 'node:fs';
import { errnoOf } from '../../errors.js';
import { whileHeld } from '../../host/guard.js';
import type { PrivateMounts } from '../../host/private-mounts.js';
import { ioctlNumber } from '../../host/syscalls.js';

const FIFREEZE = 0xc0045877;
const FITHAW = 0xc0045878;

/** A file system that is mounted among mounts of the moment. */
export interface Mounted {
  readonly mounts: PrivateMounts;
  readonly folder: string;
  /** For people. */
  readonly path: string;
}

/** Returns for how long nothing could be written, in milliseconds; after the limit it is let go, and this fails. */
export async function whileFrozen(
  { mounts, folder, path }: Mounted,
  limitMs: number,
  work: () => Promise<void>,
): Promise<number> {
  const disk = mounts.within(() => openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY));
  try {
    return await whileHeld(
      {
        file: disk,
        how: 'ioctl',
        hold: FIFREEZE,
        release: FITHAW,
        // What is in memory alone is written before anybody waits for it.
        before: async () => void (await mounts.run(['/bin/sync', '-f', '--', folder])),
        letGo: () => void thawOpen(disk, path),
        held: `the file system of ${path}`,
        copied: path,
      },
      limitMs,
      work,
    );
  } finally {
    closeSync(disk);
  }
}

/** Lets writers go on whom a killed daemon's guard, killed with it, holds still; returns whether somebody did. */
export function thaw({ mounts, folder, path }: Mounted): boolean {
  const disk = mounts.within(() => openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY));
  try {
    return thawOpen(disk, path);
  } finally {
    closeSync(disk);
  }
}

function thawOpen(disk: number, path: string): boolean {
  try {
    ioctlNumber(disk, FITHAW, 0, path);
    return true;
  } catch (error) {
    // It is not frozen.
    if (errnoOf(error) === 'EINVAL') return false;
    throw error;
  }
}
