// Thin volumes of LVM: made, copied at one moment and removed in its pool, where their blocks are shared.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, existsSync, openSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError, isFault } from '../errors.js';
import { isErrno, unlessGone } from './gone.js';
import { type RunResult, run } from './run.js';

type Command = readonly [string, ...string[]];

/** It complains of each descriptor that it is given, whatever closes them. */
const lvm = (...argv: Command): Promise<RunResult> => run(argv, { env: { LVM_SUPPRESS_FD_WARNINGS: '1' } });

const isUnknown = (error: unknown): boolean =>
  isFault(error, 'host-command') && /[Ff]ailed to find (?:logical )?volume/.test(error.message);

/** `group/name` is what one is called; made in `group/pool`. */
export async function createThin(pool: string, volume: string, bytes: number): Promise<void> {
  const size = ['--virtualsize', `${Math.ceil(bytes / 512) * 512}b`];
  const options = ['--quiet', '--quiet', '--yes', '--wipesignatures', 'n'];
  await lvm('/sbin/lvcreate', ...options, ...size, '--thinpool', pool, '--name', basename(volume)).catch(
    (cause: unknown) => {
      const isMissing =
        isFault(cause, 'host-command') && /not found|is not known|No such/i.test(cause.message);
      if (!isMissing) throw cause;
      throw new EngineError(
        'not-found',
        `this host has no pool '${pool}' of thin volumes: \`lvcreate --type thin-pool --size SIZE --name ${basename(pool)} ${pool.split('/')[0]}\` makes it`,
        { name: pool },
        { cause },
      );
    },
  );
}

/** What it holds at this moment, whoever writes to it: LVM has its file system hold still meanwhile. */
export async function copyThin(from: string, to: string): Promise<void> {
  await resumeGroup(from);
  await lvm('/sbin/lvcreate', '--quiet', '--quiet', '--yes', '--snapshot', '--name', basename(to), from);
}

/** How long the mounts of a container that has just ended may take to go. */
const FREEING_MS = 3000;

/** One that is gone already is no error. */
export async function removeThin({ name }: { readonly name: string }): Promise<void> {
  for (const deadline = performance.now() + FREEING_MS; ; await sleep(50)) {
    try {
      await resumeGroup(name);
      return void (await lvm('/sbin/lvremove', '--quiet', '--quiet', '--yes', '--force', name));
    } catch (error) {
      if (isUnknown(error)) return;
      const isUsed = isFault(error, 'host-command') && /in use|used by another/.test(error.message);
      if (!isUsed || performance.now() > deadline) throw error;
    }
  }
}

/** Makes it a device, if it is none, and returns that. */
export async function openThin(name: string): Promise<string> {
  const path = deviceOf(name);
  await resumeGroup(name);
  if (!existsSync(path)) await lvm('/sbin/lvchange', '--activate', 'y', '--ignoreactivationskip', name);
  return path;
}

/** Whether nothing has it mounted. */
export function isFree(device: string): boolean {
  try {
    closeSync(openSync(device, constants.O_RDONLY | constants.O_EXCL));
    return true;
  } catch (error) {
    if (isErrno(error, 'EBUSY')) return false;
    throw error;
  }
}

/** Two file systems over the same bytes destroy each other. */
export async function untilFree(device: string): Promise<void> {
  for (const deadline = performance.now() + FREEING_MS; !isFree(device); await sleep(5))
    if (performance.now() > deadline)
      throw new EngineError('busy', `${device} is mounted already: \`findmnt ${device}\` shows where`, {
        device,
      });
}

/** Undefined while it is none. */
export const openedThin = (name: string): string | undefined =>
  existsSync(deviceOf(name)) ? deviceOf(name) : undefined;

export const deviceOf = (name: string): string => `/dev/${name}`;

/** Bytes that it has. */
export const sizeOfDevice = (path: string): number =>
  Number(readFileSync(`/sys/class/block/${basename(realpathSync(path))}/size`, 'utf8')) * 512;

/** LVM rounds up to what its group is made of. */
export async function resizeThin(name: string, bytes: number): Promise<void> {
  const size = `${Math.ceil(bytes / 512) * 512}b`;
  await lvm('/sbin/lvresize', '--quiet', '--quiet', '--yes', '--force', '--size', size, name).catch(
    (error: unknown) => {
      // Of the same size already, in what it is made of.
      if (!isFault(error, 'host-command') || !/matches existing size/.test(error.message)) throw error;
    },
  );
}

/** What volumes of its group are made of, in bytes. */
export async function pieceOf(name: string): Promise<number> {
  const [bytes = 0] = await numbers('/sbin/vgs', 'vg_extent_size', name.split('/')[0] ?? '');
  return bytes;
}

/** Of a pool: how much it can hold. */
export async function sizeOfPool(pool: string): Promise<number> {
  const [bytes = 0] = await numbers('/sbin/lvs', 'lv_size', pool);
  return bytes;
}

/** Its size, and what of it is written in its pool. */
export async function spaceOfThin(name: string): Promise<{ capacity: number; allocation: number }> {
  const [capacity = 0, percent = 0] = await numbers('/sbin/lvs', 'lv_size,data_percent', name);
  return { capacity, allocation: Math.round((capacity * percent) / 100) };
}

async function numbers(program: string, fields: string, of: string): Promise<number[]> {
  const form = ['--noheadings', '--nosuffix', '--units', 'b', '--options', fields];
  const { stdout } = await lvm(program, ...form, of);
  return stdout.trim().split(/\s+/).map(Number);
}

/**
 * Who is killed while he changes a volume leaves devices of its group suspended: all that reads or writes there waits, for ever. Lets them go
 * on, once nobody is at work in the group; returns whether there were some.
 */
export async function resumeGroup(name: string): Promise<boolean> {
  const [group = ''] = name.split('/');
  for (let tries = 0; tries < 5; tries++) {
    if (!isHeld(group)) return tries > 0;
    await lvm('/sbin/vgchange', '--quiet', '--quiet', '--refresh', group);
  }
  throw new EngineError('busy', `volumes of the group '${group}' are suspended: see \`dmsetup info\``, {
    group,
  });
}

/** Its devices begin with its name, in which the device mapper doubles each dash. */
function isHeld(group: string): boolean {
  const start = `${group.replaceAll('-', '--')}-`;
  const textOf = (device: string, what: string): string =>
    unlessGone(() => readFileSync(`/sys/class/block/${device}/dm/${what}`, 'utf8').trim()) ?? '';
  return readdirSync('/sys/class/block').some((device) => {
    if (!device.startsWith('dm-') || textOf(device, 'suspended') !== '1') return false;
    const name = textOf(device, 'name');
    return name.startsWith(start) && name.charAt(start.length) !== '-';
  });
}
