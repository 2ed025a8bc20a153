// The two folders of a layer, made and mounted: what the container wrote, and what overlay works with.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, openSync } from 'node:fs';
import { chmod, chown, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError, isFault } from '../../errors.js';
import { DeepPath } from '../../host/complaint.js';
import { syncAll } from '../../host/files.js';
import { cloneMount, MountAttr, setMountAttributes } from '../../host/mount-calls.js';
import { run } from '../../host/run.js';
import { idsAt, ownersOf, viewFor } from './ids.js';
import type { Copying, Making, Opening, OpenLayer, Place } from './layer.js';

export const treePath = ({ folder, key }: Place): string => join(folder, `${key}.layer`);

/** Where one is made that goes into a file system of its own. */
export const stagingPath = ({ folder, key }: Place): string => join(folder, `.layer-${key}`);

export const makeFolder = (folder: string): Promise<void> => mkdir(folder, { mode: 0o700 });

export async function makeTree(
  folder: string,
  { ids }: Pick<Place, 'ids'>,
  { model, map }: Pick<Making, 'model' | 'map'>,
  make: (folder: string) => Promise<void> = makeFolder,
): Promise<void> {
  const root = await stat(model);
  const [upper, work] = [join(folder, 'upper'), join(folder, 'work')];
  const owners = ownersOf(ids, map, root);
  // One by one: Node's recursive mkdir tells a full disk as a missing folder.
  await make(folder);
  for (const path of [upper, work]) await makeFolder(path);
  await chown(upper, owners.upper.uid, owners.upper.gid);
  await chown(work, owners.work.uid, owners.work.gid);
  await chmod(upper, root.mode & 0o7777);
}

/** One that lies in a folder of the host. */
export async function openTree(place: Place, opening: Opening): Promise<OpenLayer> {
  const folder = treePath(place);
  const fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    using copy = cloneMount(fd, folder);
    setMountAttributes(copy, MountAttr.noSuid | MountAttr.noDev);
    await viewFor(idsAt(place, folder), opening)?.(copy);
    const name = `layer-${place.key}`;
    opening.mounts.attach(copy, name);
    return treeIn(name);
  } finally {
    closeSync(fd);
  }
}

export const treeIn = (folder: string): OpenLayer => ({
  upper: join(folder, 'upper'),
  work: join(folder, 'work'),
});

/** All that is in it, with what the kernel knows of each file; blocks are shared where the file system can. */
export async function copyTree(
  from: string,
  to: string,
  { hold, signal, onBytes }: Copying,
): Promise<number | null> {
  const copy = ['/bin/cp', '-a', '--reflink=auto', '--', `${from}/.`, to] as const;
  const held = await hold(async () => void (await run(copy, { signal, onWritten: onBytes }).catch(deepIn)));
  await syncAll(to, signal);
  return held;
}

/** Says where in the layer a path begins that cp could not follow. */
function deepIn(cause: unknown): never {
  const said = isFault(cause, 'host-command') ? (cause.details.stderr ?? '') : '';
  const path = /\/upper(\/[^\n]*)/.exec(said)?.[1];
  if (path === undefined || !said.includes('File name too long')) throw cause;
  throw new DeepPath(path);
}

/** As its host counts them; links to one file once. Files may come and go meanwhile. */
export async function occupiedBy(folder: string): Promise<number> {
  const { stdout, stderr } = await run(['/usr/bin/du', '-s', '-B1', '--', folder], { allow: [1] });
  const bytes = Number.parseInt(stdout, 10);
  if (Number.isNaN(bytes)) throw new EngineError('internal', `${folder} cannot be counted: ${stderr}`);
  return bytes;
}
