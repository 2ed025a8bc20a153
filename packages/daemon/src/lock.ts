// One daemon for each run folder: a lock on a file there, which the kernel releases with its holder.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, openSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type Layout, lockFile } from '@ctvirt/engine';
import { userOf } from './peer.js';

/** Undefined if another daemon has it. The folder is root's alone, so nobody else can be first. */
export async function takeLock({
  run,
}: Layout): Promise<(AsyncDisposable & { release(): void }) | undefined> {
  const path = join(run, 'ctvirtd.lock');
  // Not for writing: a file system with a file open for that cannot be made read-only.
  const fd = openSync(path, constants.O_RDONLY | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  if (!lockFile(fd, path) || (await isServedByElder(run))) {
    closeSync(fd);
    return undefined;
  }
  let isHeld = true;
  const release = (): void => {
    if (isHeld) closeSync(fd);
    isHeld = false;
  };
  return { release, [Symbol.asyncDispose]: async () => release() };
}

/** Daemons up to 0.1 hold an abstract socket instead, a name that every user of the host could have taken. */
function isServedByElder(run: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path: `\0ctvirtd:${run}` });
    socket.once('connect', () => {
      const isRoot = userOf(socket) === 0;
      socket.destroy();
      resolve(isRoot);
    });
    socket.once('error', () => resolve(false));
  });
}
