// Takes files that nobody serves any more off those they cover in running containers.
// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecSession } from '../../contract.js';
import { EngineError } from '../../errors.js';
import { mountsOf } from '../../host/mountinfo.js';
import type { EngineLog } from '../../log.js';
import type { Subject } from '../driver.js';
import { type LxcRun, lxcRun } from './run.js';

/** A container's program may do as it likes, and take its time. */
const WAIT_MS = 10_000;

/** In all that run; returns how many had some. */
export async function uncoverAll(
  subjects: Iterable<Subject>,
  devices: ReadonlySet<string>,
  log: EngineLog,
): Promise<number> {
  let had = 0;
  for (const { record, running } of subjects) {
    if (running === undefined) continue;
    const run = lxcRun(running);
    // Of a paused one no program would run before it is resumed.
    if (run.isFrozen || coveredIn(run, devices).length === 0) continue;
    had++;
    const left = await uncover(run, devices);
    if (left.length === 0) continue;
    const { name } = record;
    log('warn', `domain '${name}' cannot read ${left.join(', ')} until it is started again`, {
      domain: name,
    });
  }
  return had;
}

/** Where files on one of these devices cover the container's own. */
function coveredIn({ initPid }: LxcRun, devices: ReadonlySet<string>): string[] {
  return mountsOf(initPid)
    .filter((mount) => mount.type === 'fuse.lxcfs' && devices.has(mount.device))
    .map(({ target }) => target);
}

/**
 * Asks the container's own umount: nothing of the host's may run in its mount namespace, nothing of its own outside.
 * Returns what is still covered.
 */
async function uncover(run: LxcRun, devices: ReadonlySet<string>): Promise<string[]> {
  const targets = coveredIn(run, devices);
  if (targets.length === 0) return [];
  try {
    await ended(await run.enter({ argv: ['/bin/sh', '-c', 'umount -l "$@"', 'sh', ...targets], env: {} }));
  } catch (error) {
    // One that cannot be entered keeps what it has, and the others get their turn.
    if (!(error instanceof EngineError)) throw error;
  }
  return coveredIn(run, devices);
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
