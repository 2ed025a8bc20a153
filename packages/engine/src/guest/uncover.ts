// Takes files that nobody serves any more off those they cover in a running container.
// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecSession } from '../contract.js';
import { EngineError } from '../errors.js';
import { mountsOf } from '../host/mountinfo.js';

/** A container's program may do as it likes, and take its time. */
const WAIT_MS = 10_000;

/** Where files on one of these devices cover the container's own. */
export function coveredIn(initPid: number, devices: ReadonlySet<string>): string[] {
  return mountsOf(initPid)
    .filter((mount) => mount.type === 'fuse.lxcfs' && devices.has(mount.device))
    .map(({ target }) => target);
}

/**
 * Asks the container's own umount: nothing of the host's may run in its mount namespace, nothing of its own outside.
 * Answers what is still covered.
 */
export async function uncover(
  initPid: number,
  devices: ReadonlySet<string>,
  attach: (argv: readonly string[]) => Promise<ExecSession>,
): Promise<string[]> {
  const targets = coveredIn(initPid, devices);
  if (targets.length === 0) return [];
  try {
    await ended(await attach(['/bin/sh', '-c', 'umount -l "$@"', 'sh', ...targets]));
  } catch (error) {
    // One that cannot be entered keeps what it has, and the others get their turn.
    if (!(error instanceof EngineError)) throw error;
  }
  return coveredIn(initPid, devices);
}

async function ended({ stdin, stdout, stderr, exited, kill }: ExecSession): Promise<void> {
  stdin.end();
  stdout.resume();
  stderr.resume();
  const late = new AbortController();
  void sleep(WAIT_MS, undefined, { signal: late.signal, ref: false }).then(
    kill,
    () => undefined, // it ended in time
  );
  await exited;
  late.abort();
}
