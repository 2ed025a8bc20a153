// What a file system of a running container holds, as the container sees it.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, openSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { notRunning } from '../../errors.js';
import { isGone } from '../../host/gone.js';
import { openInRoot } from '../../host/syscalls.js';
import type { Usage } from '../../storage/index.js';

const O_PATH = 0o10000000;

/** Of what is mounted at `target` inside; no link in it leads out. Throws `wrong-state` if the container has ended. */
export async function usageInside(
  { name, initPid }: { readonly name: string; readonly initPid: number },
  target: string,
): Promise<Usage> {
  const root = rootOf(name, initPid);
  try {
    const folder = openInRoot(root, target, O_PATH | constants.O_DIRECTORY);
    try {
      const { blocks, bfree, bsize, files, ffree } = await statfs(`/proc/self/fd/${folder}`);
      return {
        bytes: (blocks - bfree) * bsize,
        inodes: files - ffree,
        room: { bytes: blocks * bsize, inodes: files },
      };
    } finally {
      closeSync(folder);
    }
  } finally {
    closeSync(root);
  }
}

function rootOf(name: string, initPid: number): number {
  try {
    return openSync(`/proc/${initPid}/root`, O_PATH | constants.O_DIRECTORY);
  } catch (error) {
    throw isGone(error) ? notRunning(name) : error;
  }
}
