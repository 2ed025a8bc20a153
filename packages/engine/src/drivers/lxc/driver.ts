// Runs containers through liblxc's tools, and knows of each whether it runs, as what, and how it ended.
// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError } from '../../errors.js';
import { readIfThere } from '../../host/files.js';
import {
  childrenOf,
  commandLine,
  isAlive,
  isZombie,
  killIfThere,
  startedAt,
  startTicks,
} from '../../host/processes.js';
import { errnoInWords, refusalOf } from '../../host/refusal.js';
import { spawnProgram } from '../../host/spawn.js';
import { connectAbstract } from '../../host/syscalls.js';
import { withGuestUmask } from '../../host/umask.js';
import type { Layout } from '../../state/layout.js';
import { type Ending, endingOf, startErrors } from './ending.js';

/** A running container: liblxc's monitor and the container's init, as the host numbers them. */
export interface Running {
  readonly monitorPid: number;
  readonly initPid: number;
  readonly startedAt: Date;
}

/**
 * The PATH of liblxc's tools, without the folder of newuidmap: where liblxc finds that program it lets it decide by
 * /etc/subuid which ids root may use, although root needs no leave (lxc/src/lxc/conf.c, lxc_map_ids).
 */
const toolEnvironment = { PATH: '/usr/sbin:/sbin' } as const;

/** Begins the name of what is being cleared; no domain's begins so. */
const GONE = '.gone-';

const starter = '/usr/bin/lxc-start';

/** How long a monitor gets to notice that its child has ended. */
const STILLBORN_MS = 1000;

export class LxcDriver {
  constructor(private readonly layout: Layout) {}

  /** The folder of a started domain; its content lives as long as the container, and tells the next daemon of it. */
  folder(name: string): string {
    return join(this.layout.runtime, name);
  }
  logPath(name: string): string {
    return join(this.folder(name), 'lxc.log');
  }

  /** A fresh folder for a start, with liblxc's configuration as `lxc.conf` among the files. */
  prepare(name: string, files: Readonly<Record<string, string>>): void {
    const folder = this.folder(name);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { mode: 0o700 });
    for (const [file, text] of Object.entries(files))
      writeFileSync(join(folder, file), text, { mode: 0o600 });
  }

  /**
   * Starts a container from the configuration in its folder and resolves when its init runs; undefined if it has ended already.
   * The program is given as arguments, since liblxc splits `lxc.init.cmd` at blanks. The marker file is there until `complete` has done what a start takes besides, so that a daemon
   * that comes after a killed one waits for lxc-start and does it again.
   */
  async start(
    name: string,
    program: readonly string[],
    sigpending: number | undefined,
    complete: () => Promise<void>,
  ): Promise<Running | undefined> {
    const folder = this.folder(name);
    const marker = join(folder, 'starting');
    writeFileSync(marker, '');
    const argv = [
      starter,
      '-P',
      this.layout.lxc,
      '-n',
      name,
      '-f',
      join(folder, 'lxc.conf'),
      '-d',
      '-p',
      join(folder, 'monitor.pid'),
      '--',
      ...program,
    ] as const;
    using stillborn = this.#watchForStillborn(name);
    // What the maker of the user namespace may queue is what all its users may together.
    const status = await this.#tool(
      sigpending === undefined ? argv : ['/usr/bin/prlimit', `--sigpending=${sigpending}`, ...argv],
    );
    if (status === 0) await this.#complete(name, complete);
    // It outlives lxc-start, and would take the groups and the pid file of the next start with it.
    else await this.#monitorEnd(name);
    rmSync(marker, { force: true });
    if (status !== 0) {
      const errors = startErrors((await readIfThere(this.logPath(name))) ?? '');
      if (errors.length === 0) refuseWithoutRoom(folder);
      const reason = stillborn.isFound
        ? "its first process was killed before it could run init: see the kernel's log for who ran out of memory"
        : errors.join('; ') || `lxc-start ended with status ${status}`;
      const what = `liblxc could not start the container: ${reason}`;
      throw (
        refusalOf(errnoInWords(reason) ?? '', what, { errors }) ??
        new EngineError('host-command', what, { errors })
      );
    }
    return this.running(name);
  }

  /** A container whose start cannot be completed is ended again; one that ended meanwhile needs nothing more. */
  async #complete(name: string, complete: () => Promise<void>): Promise<void> {
    try {
      await complete();
    } catch (error) {
      const running = this.running(name);
      if (running === undefined) return;
      await new Promise<void>((resolve) => {
        this.watch(name, running, resolve);
        this.kill(running);
      });
      throw error;
    }
  }

  /** The container of this name if it runs now. */
  running(name: string): Running | undefined {
    const monitorPid = this.#monitor(name);
    if (monitorPid === undefined) return undefined;
    const [initPid] = childrenOf(monitorPid);
    if (initPid === undefined) return undefined;
    const ticks = startTicks(initPid);
    return ticks === undefined ? undefined : { monitorPid, initPid, startedAt: startedAt(ticks) };
  }

  async #monitorEnd(name: string): Promise<void> {
    for (const deadline = Date.now() + 10_000; this.#monitor(name) !== undefined && Date.now() < deadline; )
      await sleep(2);
  }

  #monitor(name: string): number | undefined {
    let pid: number;
    try {
      pid = Number(readFileSync(join(this.folder(name), 'monitor.pid'), 'utf8'));
    } catch {
      return undefined; // never started, or cleared after its end
    }
    // The pid may belong to another process by now: a monitor's command line says whose it is.
    return commandLine(pid)[0] === `[lxc monitor] ${this.layout.lxc} ${name}` ? pid : undefined;
  }

  /** Names of all that were started and not yet cleared. */
  started(): string[] {
    return readdirSync(this.layout.runtime).filter((name) => !name.startsWith(GONE));
  }

  /** Folders of ended runs on their way out. */
  clearing(): { name: string; path: string }[] {
    return readdirSync(this.layout.runtime)
      .filter((entry) => entry.startsWith(GONE))
      .map((entry) => ({ name: entry.slice(GONE.length), path: join(this.layout.runtime, entry) }));
  }

  /**
   * Waits for lxc-start processes that a killed daemon left: each either brings its container up or cleans up after itself.
   * Answers the names of those whose start was not complete.
   */
  async settle(timeoutMs = 30_000): Promise<string[]> {
    for (const { path } of this.clearing()) await rm(path, { recursive: true });
    const interrupted: string[] = [];
    const deadline = Date.now() + timeoutMs;
    for (const name of this.started()) {
      const marker = join(this.folder(name), 'starting');
      if ((await readIfThere(marker)) === undefined) continue;
      using _stillborn = this.#watchForStillborn(name);
      while (Date.now() < deadline && this.#starters(name).length > 0) await sleep(20);
      await rm(marker, { force: true });
      interrupted.push(name);
    }
    return interrupted;
  }

  /**
   * During a start liblxc's monitor waits for its child's word, and waits for ever if that is killed before it runs init: it
   * holds the other end of their socket itself. Without the monitor lxc-start ends too, and says that it failed.
   */
  #watchForStillborn(name: string): Disposable & { readonly isFound: boolean } {
    let isFound = false;
    let seen: number | undefined;
    const timer = setInterval(() => {
      const monitorPid = this.#monitor(name);
      const dead = monitorPid === undefined ? undefined : childrenOf(monitorPid).find(isZombie);
      // Only one that is there for long: of any other the monitor takes notice itself.
      if (monitorPid !== undefined && dead !== undefined && dead === seen) {
        isFound = true;
        killIfThere(monitorPid);
      }
      seen = dead;
    }, STILLBORN_MS);
    return {
      get isFound() {
        return isFound;
      },
      [Symbol.dispose]: () => clearInterval(timer),
    };
  }

  #starters(name: string): number[] {
    return readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry))
      .map(Number)
      .filter((pid) => {
        const words = commandLine(pid);
        const [program, , path, , container] = words.slice(words.indexOf(starter));
        return program === starter && path === this.layout.lxc && container === name;
      });
  }

  /**
   * Calls back once when the container has ended and liblxc has put everything away.
   * An open connection to the monitor's command socket ends with the monitor: no polling while the container runs.
   */
  watch(name: string, running: Running, onEnd: () => void): Disposable {
    let stopped = false;
    const ended = async (): Promise<void> => {
      while (!stopped && isAlive(running.monitorPid) && this.running(name) !== undefined) await sleep(20);
      while (!stopped && commandLine(running.monitorPid)[0]?.startsWith('[lxc monitor]') === true)
        await sleep(2);
      if (!stopped) onEnd();
    };
    const fd = connectAbstract(`${this.layout.lxc}/${name}/command`);
    if (fd === undefined) {
      void ended();
      return { [Symbol.dispose]: () => (stopped = true) };
    }
    const socket = new Socket({ fd, readable: true, writable: false });
    socket.on('error', () => socket.destroy()); // 'close' follows and says the same
    socket.on('close', () => void ended());
    socket.resume();
    return {
      [Symbol.dispose]: () => {
        stopped = true;
        socket.destroy();
      },
    };
  }

  /** How the last run ended, once its monitor is gone: the last line of the log and the groups' removal are its work. */
  async ending(name: string): Promise<Ending> {
    await this.#monitorEnd(name);
    return endingOf((await readIfThere(this.logPath(name))) ?? '');
  }

  /** Ends the container at once: with its init the kernel ends every process of the pid namespace. */
  kill(running: Running): void {
    this.signal(running, 'SIGKILL');
  }

  signal(running: Running, signal: NodeJS.Signals | number): void {
    if (childrenOf(running.monitorPid).includes(running.initPid)) process.kill(running.initPid, signal);
  }

  /** Forgets an ended container. */
  async clear(name: string): Promise<void> {
    await rm(join(this.layout.lxc, name), { recursive: true, force: true });
    // At once, or a daemon that is killed meanwhile leaves half of what tells the next one how it ended.
    const grave = join(this.layout.runtime, `${GONE}${name}`);
    await rm(grave, { recursive: true, force: true });
    await rename(this.folder(name), grave).catch(ignoreAbsent);
    await rm(grave, { recursive: true, force: true });
  }

  /** argv that runs a program inside, with a clean environment but for `env`. */
  attachArgv(
    name: string,
    argv: readonly string[],
    env: Readonly<Record<string, string>>,
  ): [string, ...string[]] {
    const variables = Object.entries(env).flatMap(([key, value]) => ['-v', `${key}=${value}`]);
    return [
      '/usr/bin/lxc-attach',
      '-P',
      this.layout.lxc,
      '-n',
      name,
      // Limits of single processes stand in the configuration only; its log belongs to the monitor.
      '-f',
      join(this.folder(name), 'lxc.conf'),
      '-o',
      '/dev/null',
      '--clear-env',
      ...variables,
      '--',
      ...argv,
    ];
  }

  /** argv that attaches to the container's /dev/console. */
  consoleArgv(name: string): [string, ...string[]] {
    return ['/usr/bin/lxc-console', '-P', this.layout.lxc, '-n', name, '-t', '0', '-e', '-1'];
  }

  /** liblxc's version, which decides what its configuration may hold. */
  async version(): Promise<string> {
    const child = spawn('/usr/bin/lxc-start', ['--version'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: toolEnvironment,
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    await ended(child);
    return text.trim();
  }

  #tool(argv: readonly [string, ...string[]]): Promise<number> {
    try {
      return withGuestUmask(() => spawnProgram(argv, { env: toolEnvironment })).ended;
    } catch (cause) {
      throw notInstalled(argv[0], cause);
    }
  }
}

function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on('error', (cause) => reject(notInstalled(child.spawnfile, cause)));
    child.on('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : 9)));
  });
}

/** liblxc's log says nothing of a disk that has no room for it. */
function refuseWithoutRoom(folder: string): void {
  if (statfsSync(folder).bavail > 0) return;
  const error = refusalOf('ENOSPC', `liblxc could not start the container, nor write why into ${folder}`);
  if (error !== undefined) throw error;
}

function notInstalled(file: string, cause: unknown): EngineError {
  return new EngineError('unsupported', `cannot run ${file}: install Debian's package lxc`, {}, { cause });
}

function ignoreAbsent(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
}
