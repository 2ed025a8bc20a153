// A libvirtd with one of its drivers, in namespaces of its own: nothing of it outlives the work on it but its folder.
// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const helper = new URL('lxc-libvirtd.mjs', import.meta.url).pathname;
const namespaces = '--mount --propagation private --pid --fork --kill-child --mount-proc --net'.split(' ');

/**
 * Runs `work` with the address of the driver, and with a command line that runs the one behind it in its network.
 *
 * @template T
 * @param {string} folder
 * @param {'lxc' | 'network'} driver
 * @param {(uri: string, inside: readonly string[]) => Promise<T>} work
 * @param {readonly string[]} [through] a command line that runs the one behind it, as the first process of its namespace
 */
export async function withOwnLibvirtd(folder, driver, work, through = []) {
  const argv = [...namespaces, ...through, process.execPath, helper, folder, '', driver];
  const child = spawn('/usr/bin/unshare', argv, { stdio: ['pipe', 'ignore', 'inherit'] });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const socket = join(folder, 'libvirt-sock');
  try {
    for (let tries = 0; !existsSync(socket); tries++) {
      if (tries > 800 || child.exitCode !== null)
        throw new Error(`libvirtd did not start; see ${folder}/log`);
      await sleep(25);
    }
    const inside = ['/usr/bin/nsenter', `--net=/proc/${child.pid}/ns/net`];
    return await work(`${driver}+unix:///system?socket=${socket}`, inside);
  } finally {
    child.stdin.end();
    await gone;
  }
}
