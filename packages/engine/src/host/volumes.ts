// Volumes outside the folder that what they hold belongs to: a file in there names each, moves with it, and takes it along when it goes.
// SPDX-License-Identifier: Apache-2.0
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { EngineError } from '../errors.js';
import { removeTree, syncDirectory } from './files.js';
import { removeThin } from './lvm.js';
import { destroyDataset } from './zfs.js';

/** What is written of one. */
export interface Volume {
  readonly name: string;
  /** What it was copied from. */
  readonly from?: string | undefined;
}

/** By the ending of the file's name; each may be there, half-made or gone. */
const kinds: Readonly<Record<string, (volume: Volume) => Promise<void>>> = {
  '.zfs': destroyDataset,
  '.lvm': removeThin,
};

/** Written before there is such a volume: whoever finds it finds whatever is to be taken back. Of one without its end nothing is there. */
export async function nameVolume(path: string, { name, from = '' }: Volume): Promise<void> {
  await writeFile(path, `${name}\n${from}\n`, { flag: 'wx', mode: 0o600, flush: true });
  await syncDirectory(dirname(path));
}

export function volumeAt(path: string): Volume {
  const found = readVolume(path);
  if (found === undefined) throw new EngineError('internal', `${path} names no volume`, { path });
  return found;
}

function readVolume(path: string): Volume | undefined {
  const [name = '', from = '', ...rest] = readFileSync(path, 'utf8').split('\n');
  return rest.length === 1 ? { name, ...(from !== '' && { from }) } : undefined;
}

/** Removes a folder of domains' files, or one of these, with the volumes that are named in it. */
export async function removeWithVolumes(path: string, signal?: AbortSignal): Promise<void> {
  for (const file of volumeFilesIn(path)) {
    const volume = readVolume(file);
    if (volume !== undefined) await kinds[extname(file)]?.(volume);
  }
  await removeTree(path, signal);
}

function volumeFilesIn(path: string): string[] {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isFile() === true) return extname(path) in kinds ? [path] : [];
  if (found?.isDirectory() !== true) return [];
  const names = readdirSync(path);
  return isTree(path, names) ? [] : names.flatMap((name) => volumeFilesIn(join(path, name)));
}

/** What is in there is called what a container likes. */
const isTree = (path: string, names: readonly string[]): boolean =>
  basename(path).endsWith('.layer') && (names.includes('upper') || names.includes('work'));
