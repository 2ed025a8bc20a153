// The other side of most rows: equal containers run by lxc-start alone, their root file systems mounted beforehand.
// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { closeSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { chown } from 'node:fs/promises';
import { join } from 'node:path';
import {
  attachMount,
  cloneMounts,
  detachMount,
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

/** Where a container's files lie: what runs in memory, as the daemon has it, and its own layer on the disk. */
const placesOf = (/** @type {Daemon} */ daemon, /** @type {string} */ name) => {
  const run = join(runFolder(daemon), name);
  const layer = join(daemon.folder, 'bare', name);
  return {
    ...{ run, lower: join(run, 'lower'), root: join(run, 'root') },
    ...{ upper: join(layer, 'upper'), work: join(layer, 'work') },
  };
};

/**
 * Prepares a container like the daemon's running domain `name`: the same configuration text but for the places of
 * root, control group and filter.
 *
 * @param {Daemon} daemon
 * @param {string} name
 */
export async function prepareBare(daemon, name) {
  const { layout } = daemon;
  const { run, lower, root, upper, work } = placesOf(daemon, name);
  mkdirSync(lxcPath(daemon), { recursive: true });
  for (const folder of [lower, root, upper, work]) mkdirSync(folder, { recursive: true, mode: 0o755 });
  const text = readFileSync(join(layout.runtime, name, 'lxc.conf'), 'utf8');
  const { start } = idsIn(text);
  await chown(upper, start, start);
  const places = {
    'lxc.rootfs.path': `dir:${root}`,
    'lxc.cgroup.dir': bareGroup(daemon.folder),
    'lxc.seccomp.profile': join(run, 'seccomp'),
  };
  copyFileSync(join(layout.runtime, name, 'seccomp'), join(run, 'seccomp'));
  let config = text;
  for (const [key, value] of Object.entries(places)) {
    const line = new RegExp(`^${key.replaceAll('.', '\\.')}\\s*=.*$`, 'm');
    if (!line.test(config)) throw new Error(`the daemon's configuration has no ${key}`);
    config = config.replace(line, `${key} = ${value}`);
  }
  writeFileSync(join(run, 'lxc.conf'), config);
}

/** @param {string} config */
function idsIn(config) {
  const [, start, count] = /^lxc\.idmap\s*=\s*u 0 (\d+) (\d+)$/m.exec(config) ?? [];
  return { start: Number(start), count: Number(count) };
}

/**
 * Mounts its root, an overlay of the same template with the same ids. Taken away again before the other side's turn: each has
 * a host with no mounts but its own.
 *
 * @param {Daemon} daemon
 * @param {string} name
 * @param {string} template
 */
export async function mountBare(daemon, name, template) {
  const { run, lower, root, upper, work } = placesOf(daemon, name);
  const { start, count } = idsIn(readFileSync(join(run, 'lxc.conf'), 'utf8'));
  const entries = [{ inside: 0, outside: start, count }];
  const namespaces = new UserNamespacePool(1);
  const tree = cloneMounts(join(daemon.layout.templates, template, 'rootfs'));
  await namespaces.with({ uid: entries, gid: entries }, (fd) =>
    setMountAttributes(tree, MountAttr.readOnly | MountAttr.noDev, fd),
  );
  namespaces.close();
  attachMount(tree, lower);
  closeSync(tree.fd);
  const data = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
  mountNow('overlay', root, 'overlay', MountFlag.noDev, data);
}

/**
 * @param {Daemon} daemon
 * @param {string} name
 */
export function unmountBare(daemon, name) {
  const { lower, root } = placesOf(daemon, name);
  for (const path of [root, lower]) detachMount(path);
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
