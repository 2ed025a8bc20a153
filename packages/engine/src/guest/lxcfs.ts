// Files of /proc that tell a container its own limits: lxcfs serves them, a process that outlives the daemon.
// SPDX-License-Identifier: Apache-2.0
import { chmodSync, closeSync, existsSync, mkdirSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { detachMount } from '../host/mount-calls.js';
import { type MountEntry, mountsBelow } from '../host/mountinfo.js';
import { commandLine, isHeld } from '../host/processes.js';
import { run } from '../host/run.js';
import { spawnProgram } from '../host/spawn.js';
import { openMemory } from '../host/syscalls.js';
import type { Asset } from '../view.js';

export interface LxcfsParts {
  /** Where it is mounted, for a moment: what containers are given of it is beside, in `FOLDER.shown`. */
  readonly folder: string;
  readonly program?: string;
  readonly log: (level: 'info' | 'warn', message: string) => void;
  /** Takes the files of an lxcfs that has ended out of the containers: all but those on this device. */
  readonly uncover: (device: string | undefined) => Promise<void>;
}

/** A file that covers one of the container's own. */
export interface View {
  readonly source: string;
  readonly target: string;
}

/** What it shows of the container's own; more it has, which is the host's or root's alone. */
const shown = [
  ...['cpuinfo', 'diskstats', 'loadavg', 'meminfo', 'stat', 'swaps', 'uptime'].map((name) => `proc/${name}`),
  'sys/devices/system/cpu',
];
/** Where that is: all else, the host's whole tree of control groups among it, can then not be reached below our folders. */
const parts = ['proc', 'sys/devices/system/cpu'] as const;

/** Mounted it is within some 50 ms. */
const MOUNT_WAIT_MS = 5000;
/** How long a start waits for one that is just coming up. */
const START_WAIT_MS = 1000;
const END_WAIT_MS = 3000;
const LOOK_MS = 10_000;
/** One that does not come up is not tried at every look. */
const AGAIN_MS = 60_000;

export class Lxcfs {
  readonly #program: string;
  readonly #pidFile: string;
  readonly #shown: string;
  /** Whether what containers are given lies where it should. */
  #isLaidOut = false;
  #coming: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #triedMs = Number.NEGATIVE_INFINITY;
  /** What was said of its absence, so that it is said once. */
  #said: string | undefined;

  constructor(private readonly parts: LxcfsParts) {
    this.#program = parts.program ?? '/usr/bin/lxcfs';
    this.#pidFile = `${parts.folder}.pid`;
    this.#shown = `${parts.folder}.shown`;
  }

  /** Takes over the one that runs, or starts one; looks after it until it is closed. */
  open(): void {
    this.#timer = setInterval(() => void this.#look(), LOOK_MS).unref();
    void this.#look();
  }

  /** What a container that starts now is given; nothing where there is no lxcfs, which is logged. */
  async views(): Promise<readonly View[]> {
    const isReady = (): boolean => this.#isUp() && this.#isLaidOut;
    if (!isReady()) await Promise.race([this.#look(), sleep(START_WAIT_MS, undefined, { ref: false })]);
    if (!isReady()) return [];
    return shown.map((path) => ({ source: `${this.#shown}/${path}`, target: path }));
  }

  /** Ends it, unless containers still look at it. */
  async close({ isUsed }: { isUsed: boolean }): Promise<void> {
    clearInterval(this.#timer);
    await this.#coming;
    if (!isUsed) await this.#end();
  }

  /** What the host holds of it; a mount that nobody serves is a stray. */
  assets(): (Asset & { readonly remove: () => void })[] {
    const owner = this.#isUp() ? 'daemon' : null;
    const { pid } = this.#process() ?? {};
    return [
      ...this.#mounts().map(({ target }) => ({
        kind: 'mount' as const,
        what: target,
        owner,
        remove: () => void detachMount(target),
      })),
      ...(pid === undefined
        ? []
        : [{ kind: 'process' as const, what: `lxcfs (${pid})`, owner, remove: () => kill(pid, 'SIGKILL') }]),
    ];
  }

  #look(): Promise<void> {
    this.#coming ??= this.#ensure()
      .catch((error: unknown) => this.#say(`lxcfs cannot be started: ${String(error)}`))
      .finally(() => (this.#coming = undefined));
    return this.#coming;
  }

  async #ensure(): Promise<void> {
    const [mount] = this.#mounts();
    if (this.#isUp() && mount !== undefined) {
      // One that an earlier daemon left may show all it has, or not all that is wanted.
      if (!this.#isLaidOut) await this.#layOut();
      return;
    }
    if (mount !== undefined) {
      this.#say(
        'lxcfs has ended or hangs: containers that run see the memory and processors of the host until they start again',
      );
      await this.#end();
      await this.parts.uncover(undefined);
    }
    if (!existsSync(this.#program))
      return this.#say("containers see the host's memory and processors: install Debian's package lxcfs");
    if (performance.now() - this.#triedMs < AGAIN_MS) return;
    this.#triedMs = performance.now();
    await this.#end();
    const fault = await this.#start();
    const [fresh] = this.#mounts();
    await this.parts.uncover(fresh?.device);
    if (fault !== undefined) {
      await this.#end();
      return this.#say(`containers see the host's memory and processors: ${fault}`);
    }
    if (this.#said !== undefined) this.parts.log('info', 'lxcfs serves containers that start from now on');
    this.#said = undefined;
  }

  /** Resolves when it is mounted, with what went wrong otherwise. */
  async #start(): Promise<string | undefined> {
    const { folder } = this.parts;
    mkdirSync(folder, { recursive: true, mode: 0o711 });
    // It keeps what it writes open as long as it lives: on no disk, which may have to be unmounted before.
    const log = openMemory('lxcfs log');
    const lock = openMemory('lxcfs lock');
    try {
      const argv = [
        // In a session of its own: Ctrl-C in the daemon's terminal is not meant for it.
        '/usr/bin/setsid',
        this.#program,
        '--foreground',
        '--enable-loadavg',
        '--enable-cfs',
        '--pidfile=/proc/self/fd/0',
        folder,
      ] as const;
      const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
      const { pid, ended } = spawnProgram(argv, { env, stdio: [lock, log, log], unref: true });
      writeFileSync(this.#pidFile, String(pid), { mode: 0o600 });
      let status: number | undefined;
      void ended.then((found) => (status = found));
      for (
        const deadline = performance.now() + MOUNT_WAIT_MS;
        performance.now() < deadline;
        await sleep(10)
      ) {
        if (status !== undefined) break;
        if (this.#mounts().length > 0) return await this.#layOut();
      }
      const what =
        status === undefined ? `is not there after ${MOUNT_WAIT_MS / 1000} s` : `ended with status ${status}`;
      return `lxcfs ${what}: ${lastLine(log)}`;
    } finally {
      closeSync(lock);
      closeSync(log);
    }
  }

  /**
   * Puts what containers are given beside, and takes all else out of reach; answers what went wrong. By a program of its own,
   * since one looks into it here.
   */
  async #layOut(): Promise<string | undefined> {
    const { folder } = this.parts;
    const there = new Set(this.#mounts().map(({ target }) => target));
    for (const part of parts) {
      const target = join(this.#shown, part);
      if (there.has(target)) continue;
      makeOpen(this.#shown, part);
      try {
        await run(['/bin/mount', '--bind', join(folder, part), target], { timeoutMs: MOUNT_WAIT_MS });
      } catch (error) {
        return String(error);
      }
    }
    detachMount(folder);
    this.#isLaidOut = true;
    return undefined;
  }

  /** Ends the process, takes the mount away. Nothing here looks into it: one that hangs would hang the daemon. */
  async #end(): Promise<void> {
    const found = this.#process();
    if (found !== undefined) {
      kill(found.pid, found.isHeld ? 'SIGKILL' : 'SIGTERM');
      for (const deadline = performance.now() + END_WAIT_MS; this.#process() !== undefined; await sleep(5)) {
        if (performance.now() < deadline) continue;
        kill(found.pid, 'SIGKILL');
        break;
      }
    }
    this.#isLaidOut = false;
    for (const { target } of this.#mounts()) detachMount(target);
    await rm(this.#pidFile, { force: true });
  }

  #isUp(): boolean {
    return this.#process()?.isHeld === false;
  }

  #mounts(): MountEntry[] {
    return [this.#shown, this.parts.folder]
      .flatMap((folder) => mountsBelow(folder))
      .filter(({ type }) => type === 'fuse.lxcfs');
  }

  /** The process that serves this folder; `isHeld` if it is stopped and answers nobody. */
  #process(): { readonly pid: number; readonly isHeld: boolean } | undefined {
    let pid: number;
    try {
      pid = Number(readFileSync(this.#pidFile, 'utf8'));
    } catch {
      return undefined; // none was started, or it has ended by itself
    }
    // The pid may be another's by now.
    return commandLine(pid).at(-1) === this.parts.folder ? { pid, isHeld: isHeld(pid) } : undefined;
  }

  #say(message: string): void {
    if (message === this.#said) return;
    this.#said = message;
    this.parts.log('warn', message);
  }
}

/** Folders that root in a container may pass through, whatever the umask. */
function makeOpen(folder: string, below: string): void {
  for (const [at] of ['', ...below.split('/')].entries()) {
    const path = join(folder, ...below.split('/').slice(0, at));
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o711);
  }
}

/** The last line of what was written to a file in memory. */
function lastLine(fd: number): string {
  const buffer = Buffer.alloc(65_536);
  const text = buffer.toString('utf8', 0, readSync(fd, buffer, 0, buffer.length, 0));
  return text.trimEnd().split('\n').at(-1) ?? '';
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // ended meanwhile
  }
}
