// The other side of most rows: equal containers run by lxc-start alone, their root file systems mounted beforehand.
// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { closeSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { chown } from 'node:fs/promises';
import { join } from 'node:path';
import {
  attachMount,
  cloneMounts,
  MountAttr,
  MountFlag,
  mountNow,
  setMountAttributes,
} from '../packages/engine/dist/host/mount-calls.js';
import { UserNamespacePool } from '../packages/engine/dist/host/userns.js';
import { messageOf } from '../scripts/steps.mjs';
import { bareGroup } from './daemon.mjs';

/** @typedef {import('./daemon.mjs').Daemon} Daemon */

/** As the daemon runs liblxc's tools: where newuidmap is found, liblxc asks it instead of writing the map. */
const env = { PATH: '/usr/sbin:/sbin' };

/**
 * Prepares a container like the daemon's running domain `name`: the same configuration text but for the places of
 * root, control group and filter, over an overlay of the same template with the same ids, mounted now and left so.
 *
 * @param {Daemon} daemon
 * @param {string} name
 * @param {string} template
 */
export async function prepareBare(daemon, name, template) {
  const { layout } = daemon;
  // As the daemon has it: what runs in memory, the container's own layer on the disk.
  /** @param {string} part */
  const at = (part) => join(runFolder(daemon), name, part);
  /** @param {string} part */
  const layer = (part) => join(daemon.folder, 'bare', name, part);
  mkdirSync(lxcPath(daemon), { recursive: true });
  for (const folder of [at('lower'), at('root'), layer('upper'), layer('work')])
    mkdirSync(folder, { recursive: true, mode: 0o755 });
  const text = readFileSync(join(layout.runtime, name, 'lxc.conf'), 'utf8');
  const [, start, count] = /^lxc\.idmap\s*=\s*u 0 (\d+) (\d+)$/m.exec(text) ?? [];
  const entries = [{ inside: 0, outside: Number(start), count: Number(count) }];
  await chown(layer('upper'), Number(start), Number(start));
  const namespaces = new UserNamespacePool(1);
  const tree = cloneMounts(join(layout.templates, template, 'rootfs'));
  await namespaces.with({ uid: entries, gid: entries }, (fd) =>
    setMountAttributes(tree, MountAttr.readOnly | MountAttr.noDev, fd),
  );
  namespaces.close();
  attachMount(tree, at('lower'));
  closeSync(tree.fd);
  const data = `lowerdir=${at('lower')},upperdir=${layer('upper')},workdir=${layer('work')}`;
  mountNow('overlay', at('root'), 'overlay', MountFlag.noDev, data);
  const places = {
    'lxc.rootfs.path': `dir:${at('root')}`,
    'lxc.cgroup.dir': bareGroup(daemon.folder),
    'lxc.seccomp.profile': at('seccomp'),
  };
  copyFileSync(join(layout.runtime, name, 'seccomp'), at('seccomp'));
  let config = text;
  for (const [key, value] of Object.entries(places)) {
    const line = new RegExp(`^${key.replaceAll('.', '\\.')}\\s*=.*$`, 'm');
    if (!line.test(config)) throw new Error(`the daemon's configuration has no ${key}`);
    config = config.replace(line, `${key} = ${value}`);
  }
  writeFileSync(at('lxc.conf'), config);
}

/** @param {Daemon} daemon */
const runFolder = (daemon) => join(daemon.layout.run, 'bare');
/** @param {Daemon} daemon */
const lxcPath = (daemon) => join(runFolder(daemon), 'lxc');

/**
 * What `lxc-start` is given; `{}` may stand for the name, as xargs has it.
 *
 * @param {Daemon} daemon
 * @param {string} name
 * @param {readonly string[]} program
 */
export function startArgv(daemon, name, program) {
  return [
    '/usr/bin/lxc-start',
    ...['-P', lxcPath(daemon), '-n', name],
    ...['-f', join(runFolder(daemon), name, 'lxc.conf')],
    ...['-d', '-p', join(runFolder(daemon), name, 'monitor.pid')],
    ...['-o', join(runFolder(daemon), name, 'lxc.log'), '-l', 'INFO', '--', ...program],
  ];
}

/**
 * @param {Daemon} daemon
 * @param {string} name
 * @param {readonly string[]} program
 */
export async function startBare(daemon, name, program) {
  try {
    await command(startArgv(daemon, name, program));
  } catch (cause) {
    const log = readFileSync(join(runFolder(daemon), name, 'lxc.log'), 'utf8');
    throw new Error(`${messageOf(cause)}:\n${log.slice(-2000)}`, { cause });
  }
}

/**
 * Starts all of them, `width` at a time.
 *
 * @param {Daemon} daemon
 * @param {readonly string[]} names
 * @param {readonly string[]} program
 * @param {number} width
 */
export const startAllBare = (daemon, names, program, width) =>
  command(
    ['/usr/bin/xargs', `-P${width}`, '-I{}', ...startArgv(daemon, '{}', program)],
    `${names.join('\n')}\n`,
  );

/**
 * @param {Daemon} daemon
 * @param {string} name
 */
export const stopBare = (daemon, name) =>
  command(['/usr/bin/lxc-stop', '-P', lxcPath(daemon), '-n', name, '-k']);

/**
 * @param {readonly string[]} argv
 * @param {string} [input]
 * @returns {Promise<void>}
 */
function command([file = '', ...args], input) {
  return new Promise((resolve, reject) => {
    // Without pipes but for names to read: the monitor keeps what it inherits.
    const child = spawn(file, args, {
      stdio: [input === undefined ? 'ignore' : 'pipe', 'ignore', 'ignore'],
      env,
    });
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${file} ended with status ${code}`)),
    );
    child.stdin?.end(input);
  });
}
