// Takes out of a template what tells one system from another: all that are made from it would have it.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, lstatSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { errnoOf } from '../errors.js';
import { removeTree } from '../host/files.js';
import { openInRoot } from '../host/syscalls.js';
import { cloudSeedFolder, forgetCloudSeed } from './cloud-seed.js';

/** In each folder the files and folders that go. */
const own: readonly (readonly [folder: string, name: RegExp])[] = [
  ['etc/ssh', /^ssh_host_\w+_key(\.pub)?$/],
  ['var/lib/dbus', /^machine-id$/],
  ['var/lib/systemd', /^(random-seed|credential\.secret)$/],
  ['var/lib/urandom', /^random-seed$/],
  ['var/lib', /^random-seed$/],
  ['var/lib/cloud', /^(instance|instances|data|sem)$/],
  ['var/lib/NetworkManager', /^(secret_key|seen-bssids|timestamps)$/],
];

/**
 * No link of the tree leads out of it. Links themselves stay, but for those of cloud-init: they have nothing of their own. These folders
 * are as large as whoever made the tree likes: nobody else waits for them.
 */
export async function forgetIdentity(path: string): Promise<void> {
  const root = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await forgetIdentityOf(root);
  } finally {
    closeSync(root);
  }
}

/** The same of a tree that is open. */
export async function forgetIdentityOf(root: number): Promise<void> {
  for (const [folder, name] of own)
    await inFolder(root, folder, async (at) => {
      for (const entry of readdirSync(at).filter((one) => name.test(one))) {
        const found = lstatSync(`${at}/${entry}`);
        if (found.isDirectory()) await removeTree(`${at}/${entry}`);
        else if (folder === 'var/lib/cloud' || !found.isSymbolicLink()) await unlink(`${at}/${entry}`);
      }
    });
  await inFolder(root, cloudSeedFolder, (_at, folder) => forgetCloudSeed(folder));
  await inFolder(root, 'etc', (at) => {
    const file = `${at}/machine-id`;
    const found = lstatSync(file, { throwIfNoEntry: false });
    // Empty, each makes its own at its first start. A word there is for systemd, and stays.
    if (found?.isFile() === true && found.size >= 32) writeFileSync(file, '');
  });
}

/** Does it in a folder of the tree, if there is one; a path of links that lead out of it leads nowhere. */
export async function inFolder(
  root: number,
  folder: string,
  work: (at: string, fd: number) => void | Promise<void>,
): Promise<void> {
  let fd: number;
  try {
    fd = openInRoot(root, folder, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoOf(error) ?? '')) return;
    throw error;
  }
  try {
    // A program that removes what is there has another /proc/self.
    await work(`/proc/${process.pid}/fd/${fd}`, fd);
  } finally {
    closeSync(fd);
  }
}
