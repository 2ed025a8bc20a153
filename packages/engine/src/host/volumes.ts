// Volumes outside the folder that what they hold belongs to: a file in there names each, moves with it, and takes it along when it goes.
// SPDX-License-Identifier: Apache-2.0
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
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

/** Those of one kind that are named in a folder of a domain's files. */
export const volumesIn = (path: string, ending: string): Volume[] =>
  volumeFilesIn(path).flatMap((file) => (extname(file) === ending ? (readVolume(file) ?? []) : []));

/** Removes a folder of domains' files, or one of these, with the volumes that are named in it. */
export async function removeWithVolumes(path: string, signal?: AbortSignal): Promise<void> {
  for (const file of volumeFilesIn(path)) {
    const volume = readVolume(file);
    if (volume !== undefined) await kinds[extname(file)]?.(volume);
  }
  await removeTree(path, signal);
}

/**
 * Folders in a domain's that may hold such files, too: of its snapshots, and of a revert that is not done. Whatever else lies there may be
 * a tree that a container wrote, as a layer or out of a backup: a file in it is called what the container likes, and says what it likes.
 */
export const volumeFolders = {
  snapshots: 'snapshots',
  revert: '.revert',
  before: 'before',
  part: '.new-',
} as const;

function volumeFilesIn(path: string): string[] {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isFile() === true) return extname(path) in kinds ? [path] : [];
  if (found?.isDirectory() !== true) return [];
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const inside = join(path, entry.name);
    if (entry.isFile()) return volumeFilesIn(inside);
    if (!entry.isDirectory()) return [];
    if (entry.name === volumeFolders.snapshots)
      return readdirSync(inside).flatMap((snapshot) => volumeFilesIn(join(inside, snapshot)));
    return isOurs(entry.name) ? volumeFilesIn(inside) : [];
  });
}

const isOurs = (folder: string): boolean =>
  folder === volumeFolders.revert || folder === volumeFolders.before || folder.startsWith(volumeFolders.part);
