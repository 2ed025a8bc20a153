// Stops, resumes and ends all processes of a group, whatever a container does in groups below it.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, existsSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { unlessGone } from '../host/gone.js';
import { whileHeld } from '../host/guard.js';
import { killExactly } from '../host/pidfd.js';
import { type CgroupLayout, processesIn, processesOf } from './layout.js';
import { walkTree } from './tree.js';

/** How long processes may take to come to a stop. */
const FREEZE_WAIT_MS = 5000;
/** The same before they are killed: those that have not stopped by then are met in the next round. */
const KILL_FREEZE_WAIT_MS = 50;

/** Stops or resumes all processes of a group; resolves when the kernel has done so. */
export async function setFrozen(layout: CgroupLayout, group: string, frozen: boolean): Promise<void> {
  askFrozen(layout, layout.path('freezer', group), frozen);
  await settled(layout, group, frozen, FREEZE_WAIT_MS);
}

/** Lets nothing of a group go on while `work` lasts, whatever becomes of the daemon; returns for how long, in milliseconds. */
export async function whileStopped(
  layout: CgroupLayout,
  group: string,
  { copied, limitMs }: { readonly copied: string; readonly limitMs: number },
  work: () => Promise<void>,
): Promise<number> {
  const folder = layout.path('freezer', group);
  const { name, frozen, thawed } = switchOf(layout);
  const file = unlessGone(() => openSync(join(folder, name), 'w'));
  if (file === undefined) {
    await work();
    return 0;
  }
  try {
    const held = `control group ${folder}`;
    const letGo = (): void => askFrozen(layout, folder, false);
    const how = { file, how: 'write', hold: frozen, release: thawed, letGo, held, copied } as const;
    const heldMs = await whileHeld(how, limitMs, async () => {
      await settled(layout, group, true, FREEZE_WAIT_MS);
      await work();
    });
    await settled(layout, group, false, FREEZE_WAIT_MS);
    return heldMs;
  } finally {
    closeSync(file);
  }
}

/**
 * Whether a group was told to stop. What groups below it were told by the container does not count, nor that one of its
 * processes takes its time.
 */
export function isFrozen(layout: CgroupLayout, group: string): boolean {
  const file = layout.version === 2 ? 'cgroup.freeze' : 'freezer.self_freezing';
  return read(join(layout.path('freezer', group), file)).trim() === '1';
}

/**
 * Sends SIGKILL to all processes of a group and of those below it, and lets them run into it: none of them comes to run anything
 * else. A process that is just being made may be missed: to be called until the group is empty.
 */
export async function killGroup(layout: CgroupLayout, group: string): Promise<void> {
  const folder = layout.path('freezer', group);
  if (layout.version === 2 && existsSync(join(folder, 'cgroup.kill'))) {
    write(join(folder, 'cgroup.kill'), '1');
    return;
  }
  // Kept open: whatever else fails, nothing stays frozen that was not told to.
  const state = unlessGone(() => openSync(join(folder, 'freezer.state'), 'r+'));
  if (state === undefined) return;
  try {
    // On cgroup v1 a frozen process does not die before it is thawed, and no frozen one makes others meanwhile.
    if (unlessGone(() => writeSync(state, 'FROZEN')) === undefined) return;
    await settled(layout, group, true, KILL_FREEZE_WAIT_MS);
    await walkTree(folder, (path) => killExactly(processesOf(path), () => processesOf(path)));
    await walkTree(folder, (path) => askFrozen(layout, path, false));
  } finally {
    unlessGone(() => writeSync(state, 'THAWED'));
    closeSync(state);
  }
}

/** How many run in a group and in those below it: whoever has ended, but is not reaped yet, does not. */
export async function countLive(layout: CgroupLayout, group: string): Promise<number> {
  return (await processesIn(layout.path('pids', group))).length;
}

const switchOf = ({ version }: CgroupLayout) =>
  version === 2
    ? ({ name: 'cgroup.freeze', frozen: '1', thawed: '0' } as const)
    : ({ name: 'freezer.state', frozen: 'FROZEN', thawed: 'THAWED' } as const);

function askFrozen(layout: CgroupLayout, folder: string, isFrozen: boolean): void {
  const { name, frozen, thawed } = switchOf(layout);
  write(join(folder, name), isFrozen ? frozen : thawed);
}

async function settled(layout: CgroupLayout, group: string, frozen: boolean, ms: number): Promise<void> {
  for (
    const deadline = performance.now() + ms;
    isStopped(layout, group) !== frozen && performance.now() < deadline;
  )
    await sleep(1);
}

/** Whether all processes of a group have come to a stop. */
function isStopped({ version, path }: CgroupLayout, group: string): boolean {
  const folder = path('freezer', group);
  return version === 2
    ? /^frozen 1$/m.test(read(join(folder, 'cgroup.events')))
    : read(join(folder, 'freezer.state')).trim() === 'FROZEN';
}

/** Empty where the group has gone. */
const read = (path: string): string => unlessGone(() => readFileSync(path, 'utf8')) ?? '';

const write = (path: string, value: string): void => unlessGone(() => writeFileSync(path, value));
