// The seed that cloud-init reads at its first start where nothing else tells it what it is: its data source NoCloud.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, fchmodSync, fchownSync, mkdirSync, rmSync } from 'node:fs';
import { EngineError } from '../errors.js';
import { isErrno } from '../host/gone.js';
import { openInRoot, Resolve } from '../host/syscalls.js';
import { type GuestRoot, openFolder, readIn, replace, telling } from './files.js';

/** What is told of a container. */
export interface CloudSeed {
  /** The same as long as it is the same container. */
  readonly instance: string;
  readonly hostname: string;
  /** Whether its links have their addresses from the host: cloud-init would ask for others. */
  readonly isAddressed: boolean;
}

const PLACE = ['cloud', 'seed', 'nocloud'];
const userData = '#cloud-config\ndisable_root: false\nssh_deletekeys: false\n';

/** In a root that has cloud-init and no seed: a later start has the one that is there. */
export function furnishCloudSeed(
  tree: GuestRoot,
  { instance, hostname, isAddressed }: CloudSeed,
  tell: (remark: string) => void,
): void {
  telling(tell, 'cloud-init has no seed', () => {
    const settings = openFolder(tree.root, 'etc/cloud');
    if (settings === undefined) return;
    closeSync(settings);
    const folder = madeFolder(tree, 'var/lib', PLACE);
    try {
      if (readIn(folder, 'meta-data') !== 'missing') return;
      const write = (name: string, text: string): void =>
        replace(folder, name, text, { ...tree.owner, mode: 0o600 });
      write('user-data', userData);
      if (isAddressed) write('network-config', 'config: disabled\n');
      // Last: with it the seed is one.
      write('meta-data', `instance-id: ${instance}\nlocal-hostname: ${JSON.stringify(hostname)}\n`);
    } finally {
      closeSync(folder);
    }
  });
}

/** Where `forgetCloudSeed` looks. */
export const cloudSeedFolder = ['var/lib', ...PLACE].join('/');

/** Takes out one that a container had from here: of its root a template was made, whose containers are others. Anybody else's stays. */
export function forgetCloudSeed(folder: number): void {
  const found = [readIn(folder, 'user-data'), readIn(folder, 'meta-data')];
  const [user, meta] = found.map((file) => (typeof file === 'object' ? file.text : ''));
  if (user !== userData || !/^instance-id: [^\n]*\nlocal-hostname: "[^\n]*"\n$/.test(meta ?? '')) return;
  for (const name of ['meta-data', 'network-config', 'user-data'])
    rmSync(`/proc/self/fd/${folder}/${name}`, { force: true });
}

/** Each of the folders is the container root's, or is made so; none of them is a link. */
function madeFolder(tree: GuestRoot, path: string, names: readonly string[]): number {
  let folder = openFolder(tree.root, path);
  if (folder === undefined) throw new EngineError('not-found', `it has no /${path}`);
  for (const name of names) {
    const above = folder;
    try {
      folder = stepInto(above, name, tree.owner);
    } finally {
      closeSync(above);
    }
  }
  return folder;
}

function stepInto(above: number, name: string, owner: GuestRoot['owner']): number {
  let isNew = true;
  try {
    mkdirSync(`/proc/self/fd/${above}/${name}`, 0o755);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
    isNew = false;
  }
  const flags = constants.O_RDONLY | constants.O_DIRECTORY;
  const folder = openInRoot(above, name, flags, 0, Resolve.beneath | Resolve.noSymlinks);
  if (isNew) {
    fchownSync(folder, owner.uid, owner.gid);
    fchmodSync(folder, 0o755);
  }
  return folder;
}
