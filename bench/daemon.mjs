// A daemon of its own for a benchmark: a folder under /tmp, a client, and everything gone afterwards.
// SPDX-License-Identifier: Apache-2.0
import { execFile, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createClient } from '../packages/api/dist/node/index.js';
import { layoutOf } from '../packages/engine/dist/state/layout.js';
import { hasCode } from '../scripts/steps.mjs';

const run = promisify(execFile);
const daemonProgram = new URL('../packages/daemon/dist/ctvirtd.mjs', import.meta.url).pathname;

/** Folders whose daemons and containers may still be there, for a benchmark that is interrupted. */
/** @type {Set<string>} */
const open = new Set();
/** @type {Promise<void> | undefined} */
let ending;

export class Daemon {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #child;
  #log = '';

  /**
   * @param {string} folder
   * @param {readonly string[]} [through] a command line that becomes the daemon, whose own follows it
   */
  constructor(folder, through = []) {
    this.folder = folder;
    this.through = through;
    this.layout = layoutOf(folder);
    this.client = createClient({ socketPath: this.layout.httpSocket });
  }

  /** Starts it and returns how many milliseconds pass until it has answered. */
  async start() {
    const began = performance.now();
    this.#log = '';
    const own = [process.execPath, daemonProgram, '--root', this.folder, '--log-level', 'warn'];
    const [file, ...args] = [...this.through, ...own];
    const child = spawn(file, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    child.stderr.on('data', (chunk) => {
      this.#log = (this.#log + chunk).slice(-4000);
    });
    for (;;) {
      if (child.exitCode !== null) throw new Error(`the daemon ended:\n${this.#log}`);
      try {
        await this.client.host.version();
        return performance.now() - began;
      } catch (error) {
        if (!hasCode(error, 'unreachable')) throw error;
        await sleep(2);
      }
    }
  }

  get pid() {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error('the daemon does not run');
    return pid;
  }

  /** Resident memory in bytes: now, and at its highest. */
  memory() {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    /** @param {string} name */
    const bytes = (name) => 1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]);
    return { now: bytes('VmRSS'), peak: bytes('VmHWM') };
  }

  async stop() {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }
}

/**
 * Runs `work` with a fresh folder and a daemon that is not started yet; nothing of either is left.
 *
 * @template T
 * @param {(daemon: Daemon) => Promise<T>} work
 * @param {readonly string[]} [through] a command line that becomes the daemon, whose own follows it
 */
export async function withDaemon(work, through) {
  if (ending !== undefined) throw new Error('the benchmarks are being ended');
  const folder = mkdtempSync('/tmp/ctb-');
  chmodSync(folder, 0o711);
  open.add(folder);
  // As /run is: in memory. The mount goes with this process's mount namespace, if not before.
  mkdirSync(join(folder, 'run'), { mode: 0o711 });
  await run('mount', ['-t', 'tmpfs', '-o', 'mode=711', 'run', join(folder, 'run')]);
  const daemon = new Daemon(folder, through);
  try {
    return await work(daemon);
  } finally {
    await daemon.stop();
    daemon.client.close();
    await clear(folder);
  }
}

/** Clears what is open, once, however often it is asked; from then on no benchmark can begin. */
export function clearAll() {
  ending ??= (async () => {
    for (const folder of open) await clear(folder);
  })();
  return ending;
}

/** @param {string} folder */
async function clear(folder) {
  for (let tries = 0; tries < 500; tries++) {
    const left = processesOf(folder);
    if (left.length === 0) break;
    for (const pid of left) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // ended meanwhile
      }
    }
    await sleep(10);
  }
  for (const group of [layoutOf(folder).cgroup, bareGroup(folder)]) removeGroups(group);
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((target) => target.startsWith(`${folder}/`));
  for (const target of mounts.reverse()) await run('umount', ['--lazy', target]);
  await run('rm', ['-rf', '--one-file-system', folder]);
  open.delete(folder);
}

/**
 * The parent group of containers that are started without the daemon.
 *
 * @param {string} folder
 */
export const bareGroup = (folder) => `${layoutOf(folder).cgroup}-bare`;

const hierarchies = () => {
  const top = '/sys/fs/cgroup';
  if (existsSync(join(top, 'cgroup.controllers'))) return [top];
  return readdirSync(top).map((name) => join(top, name));
};

/**
 * Containers' processes, their monitors and daemons, the containers' own first; and what serves networks.
 *
 * @param {string} folder
 */
function processesOf(folder) {
  /** @type {Set<number>} */
  const pids = new Set();
  /** @param {string} path */
  const add = (path) => {
    if (!existsSync(path)) return;
    for (const entry of readdirSync(path, { withFileTypes: true }))
      if (entry.isDirectory()) add(join(path, entry.name));
    const list = readFileSync(join(path, 'cgroup.procs'), 'utf8');
    for (const pid of list.split('\n')) if (pid !== '' && pid !== '0') pids.add(Number(pid));
  };
  for (const top of hierarchies())
    for (const group of [layoutOf(folder).cgroup, bareGroup(folder)]) add(join(top, group));
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    if (commandLine(entry).includes(`${folder}/run/networks/`)) pids.add(Number(entry));
  return [...pids];
}

/** @param {string} pid */
function commandLine(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // ended meanwhile
  }
}

/** @param {string} group */
function removeGroups(group) {
  /** @param {string} path */
  const remove = (path) => {
    if (!existsSync(path)) return;
    for (const entry of readdirSync(path, { withFileTypes: true }))
      if (entry.isDirectory()) remove(join(path, entry.name));
    rmdirSync(path);
  };
  for (const top of hierarchies()) remove(join(top, group));
}
