// Datasets of ZFS: made, copied and destroyed in constant time, limited by what each refers to.
// SPDX-License-Identifier: Apache-2.0
import { realpathSync, statfsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError, isFault } from '../errors.js';
import { mountAt } from './mountinfo.js';
import { type RunOptions, type RunResult, run } from './run.js';

const ZFS_MAGIC = 0x2fc12fc1;

export const zfs = (words: readonly string[], options?: RunOptions): Promise<RunResult> =>
  run(['/sbin/zfs', ...words], options);

/** Mounted by nobody but who names it; ACLs and attributes as a container knows them, whatever is above it. */
export const asLayer = ['mountpoint=legacy', 'acltype=posix', 'xattr=sa'].flatMap((property) => [
  '-o',
  property,
]);

/** The dataset that a path lies on; undefined on other file systems. */
export function datasetBelow(path: string): string | undefined {
  if (statfsSync(path).type !== ZFS_MAGIC) return undefined;
  return mountAt(realpathSync(path))?.source;
}

export async function createDataset(name: string): Promise<void> {
  await zfs(['create', ...asLayer, name]).catch((cause: unknown) => {
    const isMissing = isFault(cause, 'host-command') && /no such pool|does not exist/.test(cause.message);
    if (!isMissing) throw cause;
    const parent = dirname(name);
    throw new EngineError(
      'not-found',
      `this host has no dataset '${parent}' for layers: \`zfs create -o mountpoint=none ${parent}\` makes it`,
      { name: parent },
      { cause },
    );
  });
}

/** What it holds at this moment, whoever writes to it. */
export async function copyDataset(from: string, to: string): Promise<void> {
  const moment = momentOf(from, to);
  await zfs(['snapshot', moment]);
  await zfs(['clone', ...asLayer, moment, to]);
  // It goes with the last that stands on it.
  await zfs(['destroy', '-d', moment]);
}

/** Named by what is made of it. */
const momentOf = (from: string, to: string): string => `${from}@${basename(to)}`;

/** How long the mounts of a container that has just ended may take to go. */
const FREEING_MS = 3000;

/** What was copied from it stays, as what it is. One that is gone already is no error. */
export async function destroyDataset({
  name,
  from,
}: {
  readonly name: string;
  readonly from?: string | undefined;
}): Promise<void> {
  const origin = await originOf(name);
  if (origin !== undefined) {
    for (let heir = await heirOf(name); heir !== undefined; heir = await heirOf(name))
      await zfs(['promote', heir]);
    await destroyFree(name);
  }
  // Of a copy that was interrupted; one that others stand on waits for these.
  for (const moment of new Set([origin, from && momentOf(from, name)]))
    if (moment?.includes('@')) await zfs(['destroy', '-d', moment], { allow: [1] });
}

/** Undefined where its pool has no such dataset; `-` where it is no copy. */
async function originOf(name: string): Promise<string | undefined> {
  const { status, stdout } = await zfs(['get', '-H', '-o', 'value', 'origin', name], { allow: [1] });
  if (status === 0) return stdout.trim();
  // Of a pool that is not there the same is said.
  const [pool = ''] = name.split('/');
  await zfs(['list', '-H', '-o', 'name', pool]);
  return undefined;
}

/** One that stands on a snapshot of it. */
async function heirOf(name: string): Promise<string | undefined> {
  const { stdout } = await zfs(['list', '-H', '-d', '1', '-t', 'snapshot', '-o', 'clones', name]);
  return stdout.split(/[\n,]/).find((clone) => clone !== '' && clone !== '-');
}

async function destroyFree(name: string): Promise<void> {
  for (const deadline = performance.now() + FREEING_MS; ; await sleep(50)) {
    try {
      return void (await zfs(['destroy', '-r', name]));
    } catch (error) {
      const isUsed = isFault(error, 'host-command') && error.message.includes('is busy');
      if (!isUsed || performance.now() > deadline) throw error;
    }
  }
}

/** Bytes that it holds, those that it shares with its copies included, and how many it may; undefined is any number. */
export async function spaceOfDataset(name: string): Promise<{ held: number; most: number | undefined }> {
  const { stdout } = await zfs(['get', '-H', '-p', '-o', 'value', 'referenced,refquota', name]);
  const [held = 0, most = 0] = stdout.trim().split('\n').map(Number);
  return { held, most: most === 0 ? undefined : most };
}

/** Undefined is none. Returns whether it could be had: none is less than what the dataset holds. */
export async function limitDataset(name: string, bytes: number | undefined): Promise<boolean> {
  try {
    await zfs(['set', `refquota=${bytes ?? 'none'}`, name]);
    return true;
  } catch (error) {
    if (isFault(error, 'host-command') && /less than current used/.test(error.message)) return false;
    throw error;
  }
}
