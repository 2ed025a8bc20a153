// Takes files that nobody serves any more off those they cover in a running container.
// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { mountsOf } from '../host/mountinfo.js';
import { spawnProgram } from '../host/spawn.js';

/** A container's program may do as it likes, and take its time. */
const WAIT_MS = 10_000;

/** Where files of an lxcfs on another device than this one cover the container's own. */
export function coveredIn(initPid: number, device: string | undefined): string[] {
  return mountsOf(initPid)
    .filter((mount) => mount.type === 'fuse.lxcfs' && mount.device !== device)
    .map(({ target }) => target);
}

/**
 * Asks the container's own umount: nothing of the host's may run in its mount namespace, nothing of its own outside.
 * Answers what is still covered.
 */
export async function uncover(
  initPid: number,
  device: string | undefined,
  attach: (argv: readonly string[]) => [string, ...string[]],
): Promise<string[]> {
  const targets = coveredIn(initPid, device);
  if (targets.length === 0) return [];
  const argv = attach(['/bin/sh', '-c', 'umount -l "$@"', 'sh', ...targets]);
  const child = spawnProgram(argv, { env: { PATH: '/usr/sbin:/sbin' } });
  const late = new AbortController();
  void sleep(WAIT_MS, undefined, { signal: late.signal, ref: false }).then(
    () => child.isOurs && process.kill(child.pid, 'SIGKILL'),
    () => undefined, // it ended in time
  );
  await child.ended;
  late.abort();
  return coveredIn(initPid, device);
}
