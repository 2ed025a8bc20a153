// The stories that need a kernel with cgroup v2 alone, systemd and quotas: told in a machine of their own.
// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../setup.mjs';
import { codeDisk } from './code.mjs';
import { machineDisks } from './image.mjs';
import { runMachine } from './machine.mjs';
import { zfsFor } from './zfs.mjs';

/** Debian's packages that this host needs for it. */
export const machinePackages = ['qemu-system-x86'];

const ending = '.vm.ts';
/** In its own processor time, so that a busy host is not taken for a dead machine; and at most so long at all. */
const silence = { cpuSeconds: 200, seconds: 900 };

/** The names of all stories: `limits` for `e2e/src/vm/limits.vm.ts`. */
export const storyNames = () =>
  readdirSync(join(root, 'e2e/src/vm'))
    .filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, -ending.length))
    .sort();

/** Those that take the emulated processor longer than all others together: told when they are asked for by name. */
export const onDemand = [
  'kills',
  'layer-pools',
  'layers',
  'layers-lvm-thin',
  'layers-zfs',
  'move-zfs',
  'vlans',
  'walls-floods',
  'walls-network',
];

/**
 * Runs these stories in one machine; `onReport` is called with every report of a test, `env` is what they find in theirs.
 *
 * @param {readonly string[]} names
 * @param {(report: import('./machine.mjs').Report) => void} onReport
 * @param {Readonly<Record<string, string>>} [env]
 */
export async function tellStories(names, onReport, env = {}) {
  const disks = await machineDisks();
  const scratch = mkdtempSync(join(tmpdir(), 'ctvirt-vm-'));
  try {
    const code = await codeDisk(scratch, names, env, zfsFor(disks));
    const console = join(scratch, 'console.log');
    await runMachine({ folder: disks, code, console, silence, onReport });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
