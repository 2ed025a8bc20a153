// What the rows of networks share: daemons with the busybox template, libvirt's own network driver, and links of both kinds.
// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { promisify } from 'node:util';
import { withDaemon } from '../daemon.mjs';
import { timed } from '../measure.mjs';
import { withOwnLibvirtd } from '../rpc/own-libvirtd.mjs';

/** @typedef {import('../daemon.mjs').Daemon} Daemon */

const exec = promisify(execFile);

/** @param {string} name */
export const onNetwork = (name) => `<interface type='network'><source network='${name}'/></interface>`;

/** @param {readonly string[]} words */
export const ip = (...words) => exec('ip', words);

/**
 * Makes a bridge, and takes it away afterwards.
 *
 * @template T
 * @param {string} name
 * @param {string} address
 * @param {() => Promise<T>} work
 */
export async function withBridge(name, address, work) {
  await ip('link', 'add', name, 'type', 'bridge');
  try {
    await ip('address', 'add', address, 'dev', name);
    await ip('link', 'set', name, 'up');
    return await work();
  } finally {
    await ip('link', 'delete', name);
  }
}

/**
 * A daemon that runs and has the busybox template.
 *
 * @template T
 * @param {(daemon: Daemon) => Promise<T>} work
 * @param {readonly string[]} [through]
 */
export const withTemplate = (work, through) =>
  withDaemon(async (daemon) => {
    await daemon.start();
    await daemon.client.templates.build({ template: 'busybox', body: { distribution: 'busybox' } });
    return await work(daemon);
  }, through);

/**
 * Milliseconds of a start; the domain is off again afterwards.
 *
 * @param {Daemon} daemon
 * @param {string} domain
 */
export async function startOnce({ client }, domain) {
  const took = await timed(() => client.domains.start({ domain }));
  await client.domains.destroy({ domain });
  return took;
}

/** Who waits for processes that lost their parents: that driver waits long for each dnsmasq that it ended, and that is nobody's. */
const reaper = ['/bin/sh', '-c', 'exec 3<&0; "$0" "$@" <&3 & wait $!'];

/**
 * Runs `work` with the address of a libvirtd that has its network driver, in namespaces of its own, and with a command line that
 * runs the one behind it in its network.
 *
 * @template T
 * @param {(uri: string, inside: readonly string[]) => Promise<T>} work
 */
export async function withLibvirt(work) {
  const folder = mkdtempSync('/tmp/ctb-net-');
  try {
    return await withOwnLibvirtd(
      folder,
      'network',
      async (uri, inside) => {
        await exec('/usr/bin/virsh', ['-c', uri, 'net-list']);
        return await work(uri, inside);
      },
      reaper,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {Daemon} daemon */
export const uriOf = ({ layout }) => `ctvirt+unix:///system?socket=${layout.libvirtSocket}`;

/**
 * What a script of libvirt-python prints, which is JSON.
 *
 * @param {readonly string[]} inside
 * @param {string} script
 * @param {readonly string[]} args
 */
export async function python(inside, script, ...args) {
  const [file, ...argv] = [...inside, '/usr/bin/python3', '-c', script, ...args];
  const { stdout } = await exec(file, argv, { maxBuffer: 64 << 20 });
  return JSON.parse(stdout);
}
