// A machine made of namespaces: a root, processes, a network and control groups of its own; all of it ends with this process.
// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { command, hasCode } from '../steps.mjs';

const cgroups = '/sys/fs/cgroup';
const isUnified = existsSync(join(cgroups, 'cgroup.controllers'));

/**
 * The folders of a control group: one, or one in each hierarchy of version 1. Version 2 wants processes in leaves only,
 * so those of the machine are in a group of their own below its root group.
 */
/** @param {string} group */
const leafFolders = (group) => groupFolders(isUnified ? join(group, 'init') : group);
/** @param {string} group */
const groupFolders = (group) =>
  isUnified ? [join(cgroups, group)] : readdirSync(cgroups).map((name) => join(cgroups, name, group));

/**
 * What an installation does to a node it must not do to the host's, and a bind of a node is the host's own inode: each
 * character device is made anew. Loop devices stay the host's, since the kernel makes those that are asked
 * for, and ptmx, which has to lie beside its pts.
 */
const hostDevices = [
  'mount --rbind /dev "$1/dev"',
  'for path in $(cd /dev && find . -xdev -type c ! -name ptmx | sort); do',
  '  own=$1/.dev-$(echo "$path" | tr -c "[:alnum:]\\n" _)',
  '  mknod --mode="$(stat --format=%a "/dev/$path")" "$own" c $(stat --format="0x%t 0x%T" "/dev/$path")',
  '  mount --bind "$own" "$1/dev/$path"',
  'done',
].join('\n');

/** @typedef {{ env?: Readonly<Record<string, string>>, cwd?: string, note?: import('../steps.mjs').Note }} RunOptions */

export class Machine {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #init;
  #pid = 0;
  /** Whether it has its root, and so its /dev. */
  isUp = false;

  /**
   * @param {string} folder
   * @param {string} name
   */
  constructor(folder, name) {
    this.folder = folder;
    this.name = name;
  }

  /**
   * A shell as process 1 takes in orphans, as an init does. It dies with unshare, and that with us. `devices` is run with the
   * root as its argument, and gives it its /dev.
   *
   * @param {{ firstProcess?: string, devices?: string }} [options]
   */
  async boot({ firstProcess = waitForever, devices = hostDevices } = {}) {
    makeGroups(this.name);
    const argv = [
      'setpriv',
      '--pdeathsig',
      'KILL',
      'sh',
      '-c',
      enterGroups,
      'sh',
      ...groupFolders(this.name),
      '--',
    ];
    const unshare = [
      'unshare',
      '--mount',
      '--pid',
      '--net',
      '--uts',
      '--ipc',
      '--cgroup',
      '--fork',
      '--kill-child',
    ];
    const [file, ...args] = [...argv, ...unshare, '--propagation', 'private', 'sh', '-c', firstProcess];
    const init = spawn(file, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    this.#init = init;
    this.#pid = await childOf(init);
    if (isUnified)
      for (const pid of [init.pid, this.#pid])
        writeFileSync(join(cgroups, this.name, 'init', 'cgroup.procs'), String(pid));
    // Programs look themselves up in /proc, so they need pids of the machine's own.
    const kinds = ['--mount', '--uts', '--net', '--pid'];
    /** @param {string[]} words */
    const inside = (...words) => command(['nsenter', `--target=${this.#pid}`, ...kinds, ...words]);
    /** @param {string} path */
    const at = (path) => join(this.folder, path);
    await inside('hostname', 'fresh');
    await inside('ip', 'link', 'set', 'lo', 'up');
    // Without any address of its own it would ask containers from 0.0.0.0, and get no answer.
    await inside('ip', 'address', 'add', '192.0.2.1/32', 'dev', 'lo');
    await inside('mount', '--bind', this.folder, this.folder);
    for (const path of ['proc', 'sys', 'dev', 'run', '.old']) mkdirSync(at(path), { recursive: true });
    await inside('mount', '-t', 'proc', 'proc', at('proc'));
    await inside('mount', '-t', 'sysfs', 'sys', at('sys'));
    await inside('mount', '-t', 'tmpfs', '-o', 'mode=755', 'run', at('run'));
    await inside('sh', '-e', '-c', devices, 'sh', this.folder);
    if (!isUnified) await inside('mount', '-t', 'tmpfs', '-o', 'mode=755', 'cgroup', at(cgroups));
    for (const folder of groupFolders(this.name)) {
      const target = at(isUnified ? cgroups : folder.slice(0, -this.name.length - 1));
      await inside('mkdir', '--parents', target);
      await inside('mount', '--bind', folder, target);
    }
    await inside('pivot_root', this.folder, at('.old'));
    await inside('umount', '--lazy', '/.old');
    rmdirSync(at('.old'));
    this.isUp = true;
  }

  /** argv that enters the machine's network alone. */
  get enterNetwork() {
    return ['nsenter', `--target=${this.#pid}`, '--net'];
  }

  /**
   * argv that runs a program inside, with this environment and no more.
   *
   * @param {readonly string[]} program
   * @param {RunOptions} [options]
   */
  argv(program, { env = {}, cwd = '/root' } = {}) {
    const kinds = ['--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup'];
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const environment = ['/usr/bin/env', '--ignore-environment', `--chdir=${cwd}`, ...variables];
    const nsenter = ['nsenter', `--target=${this.#pid}`, ...kinds];
    return [
      'sh',
      '-c',
      enterGroups,
      'sh',
      ...leafFolders(this.name),
      '--',
      ...nsenter,
      ...environment,
      ...program,
    ];
  }

  /**
   * What a program inside prints.
   *
   * @param {readonly string[]} program
   * @param {RunOptions} [options]
   */
  run(program, options = {}) {
    return command(this.argv(program, options), options.note);
  }

  /** Its /dev as this process reaches it. */
  get devices() {
    return `/proc/${this.#pid}/root/dev`;
  }

  /** Ends every process of it; mounts and links go with the last one. */
  async end() {
    const init = this.#init;
    this.isUp = false;
    if (init !== undefined && init.exitCode === null && init.signalCode === null) {
      const ended = new Promise((resolve) => init.once('exit', resolve));
      init.kill('SIGKILL');
      await ended;
    }
    await removeGroups(this.name);
  }
}

/** @param {import('node:child_process').ChildProcess} init */
async function childOf(init) {
  for (let waited = 0; waited < 1000; waited++) {
    if (init.exitCode !== null) throw new Error('the namespaces of the fresh machine cannot be made');
    const children = `/proc/${init.pid}/task/${init.pid}/children`;
    const [child] = existsSync(children) ? readFileSync(children, 'utf8').trim().split(' ') : [];
    // The child of unshare is process 1 of its namespace from its birth on; before unshare there is none.
    if (child !== undefined && child !== '') return Number(child);
    await sleep(10);
  }
  throw new Error('the namespaces of the fresh machine do not appear');
}

/** Puts itself into the control groups named before `--`, then becomes the program after it. */
const enterGroups = 'while [ "$1" != -- ]; do echo $$ > "$1/cgroup.procs"; shift; done; shift; exec "$@"';
const waitForever = 'while :; do sleep 3600 & wait; done';

/** @param {string} group */
function makeGroups(group) {
  for (const folder of new Set([...groupFolders(group), ...leafFolders(group)])) {
    mkdirSync(folder);
    // A cpuset begins empty, and then no process may enter it.
    for (const file of ['cpuset.cpus', 'cpuset.mems'])
      if (!isUnified && existsSync(join(folder, file)))
        writeFileSync(join(folder, file), readFileSync(join(folder, '..', file)));
  }
}

/** @param {string} group */
export async function removeGroups(group) {
  /** @param {string} folder */
  const remove = (folder) => {
    if (!existsSync(folder)) return;
    for (const entry of readdirSync(folder, { withFileTypes: true }))
      if (entry.isDirectory()) remove(join(folder, entry.name));
    rmdirSync(folder);
  };
  for (let tries = 0; ; tries++) {
    try {
      groupFolders(group).forEach(remove);
      return;
    } catch (error) {
      // The last processes are still ending.
      if (!hasCode(error, 'EBUSY') || tries > 200) throw error;
      await sleep(25);
    }
  }
}
