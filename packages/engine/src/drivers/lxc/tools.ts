// liblxc's tools: starts containers, and knows of each whether it runs, as what, and how it ended.
// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Container } from '../../attach/attach.js';
import { containersIn, removeContainerGroups, unnumbered } from '../../cgroups/container-groups.js';
import { countLive, killGroup } from '../../cgroups/freezer.js';
import { type CgroupLayout, readNumber } from '../../cgroups/layout.js';
import { letGo } from '../../cgroups/let-go.js';
import { EngineError } from '../../errors.js';
import { bornAsFirst } from '../../host/birth.js';
import { hostHas } from '../../host/facts.js';
import { foldersIn, readIfThere } from '../../host/files.js';
import { isErrno, unlessGone } from '../../host/gone.js';
import { withinShare, withMonitorLimits } from '../../host/monitor-limits.js';
import type { PrivateMounts } from '../../host/private-mounts.js';
import {
  childrenOf,
  commandLine,
  hasEnded,
  hasOwnPids,
  isAlive,
  killIfThere,
  startedAt,
  startTicks,
} from '../../host/processes.js';
import { errnoInWords, refusalOf } from '../../host/refusal.js';
import { run } from '../../host/run.js';
import { type Spawned, spawnProgram } from '../../host/spawn.js';
import type { Layout } from '../../state/layout.js';
import { KILL_WAIT_MS } from '../driver.js';
import { commandAddress, connectToMonitor, type Holder, holderOf, socketsAt } from './command-socket.js';
import { NO_DATASET } from './config.js';
import { endingOf, type LoggedEnding, startErrors } from './ending.js';
import { Patience } from './patience.js';
import { type StartFault, StartWatch } from './start-watch.js';

/** A running container: liblxc's monitor and the container's init, as the host numbers them. */
export interface Running {
  readonly monitorPid: number;
  readonly initPid: number;
  /** When init started: with its pid that names one process for good. */
  readonly initTicks: number;
  readonly startedAt: Date;
}

/**
 * The PATH of liblxc's tools, without the folder of newuidmap: where liblxc finds that program it lets it decide by
 * /etc/subuid which ids root may use, although root needs no leave (lxc/src/lxc/conf.c, lxc_map_ids).
 */
const toolEnvironment = { PATH: '/usr/sbin:/sbin' } as const;

/** Begins the name of what is being cleared; no domain's begins so. */
const GONE = '.gone-';

/** One that is told to end is told again, for the processes that were just being made; each time it gets twice as long. */
const END_AGAIN_MS = 250;

/** A monitor that has not taken notice of its container's end after such a wait is ended itself. */
const MONITOR_WAIT_MS = 900;

/** So often a start is tried under another name, if somebody has been faster to take it. */
const START_ATTEMPTS = 3;

/** Where liblxc keeps a lock for each of its paths. */
const LOCKS = '/run/lxc/lock';

/** Tests replace lxc-start by another program. */
export interface LxcToolsOptions {
  readonly starter?: string;
  /** How long lxc-start may take. */
  readonly startLimitMs?: number;
}

/** How an lxc-start ended, and what it was ended for. */
interface Attempt {
  readonly status: number;
  readonly fault: StartFault | undefined;
}

/** How lxc-start is called. */
export interface Launch {
  /** Given as arguments, since liblxc splits `lxc.init.cmd` at blanks. */
  readonly program: readonly string[];
  readonly sigpending: number | undefined;
  /** Where what the configuration names is found. */
  readonly mounts: Pick<PrivateMounts, 'within'>;
  /** The last lines that it has written to its console. */
  readonly said: () => readonly string[];
}

/** Starts, watches and ends containers by their liblxc names; their state is in files of their folders. */
export class LxcTools {
  readonly #starter: string;
  readonly #startLimitMs: number;

  constructor(
    private readonly layout: Layout,
    private readonly cgroups: CgroupLayout,
    options: LxcToolsOptions = {},
  ) {
    this.#starter = options.starter ?? '/usr/bin/lxc-start';
    this.#startLimitMs = options.startLimitMs ?? 60_000;
  }

  /** The kernel's name for a container's group, below each hierarchy. */
  group(name: string): string {
    return `${this.layout.cgroup}/lxc.payload.${name}`;
  }

  /** The group of the process that watches it. */
  monitorGroup(name: string): string {
    return `${this.layout.cgroup}/lxc.monitor.${name}`;
  }

  /** The folder of a started domain; its content lives as long as the container, and tells the next daemon of it. */
  folder(name: string): string {
    return join(this.layout.runtime, name);
  }
  logPath(name: string): string {
    return join(this.folder(name), 'lxc.log');
  }

  /**
   * liblxc's path for the present run, of which the monitor's command socket has its name: another one for each start, since
   * whoever is first has an abstract name. Runs that began under an earlier version share one.
   */
  path(name: string): string {
    const own = unlessGone(() => readFileSync(join(this.folder(name), 'path'), 'utf8'));
    return own === undefined ? this.layout.lxc : join(this.layout.lxc, own);
  }

  address(name: string): string {
    return commandAddress(this.path(name), name);
  }

  /** At once: it is on the way of each start. */
  #newPath(name: string): void {
    writeFileSync(join(this.folder(name), 'path'), randomBytes(9).toString('base64url'), { mode: 0o600 });
    mkdirSync(this.path(name));
    // Root in the container passes through it to its root folder.
    chmodSync(this.path(name), 0o711);
  }

  /** Not at once: to remove what has been a mount point somewhere takes the kernel its time. */
  async #clearPath(name: string): Promise<void> {
    const path = this.path(name);
    const isCommon = path === this.layout.lxc;
    const left = isCommon ? [join(path, name)] : [path, join(LOCKS, path)];
    await Promise.all(left.map((each) => rm(each, { recursive: true, force: true })));
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
   * The marker file is there until `complete` has done what a start takes besides, so that a daemon
   * that comes after a killed one waits for lxc-start and does it again.
   */
  async start(name: string, launch: Launch, complete: () => Promise<void>): Promise<Running | undefined> {
    const folder = this.folder(name);
    const marker = join(folder, 'starting');
    writeFileSync(marker, '');
    let attempt = await this.#attempt(name, launch);
    let squatter = this.#squatter(name, attempt);
    for (let tries = 1; squatter !== undefined && tries < START_ATTEMPTS; tries++) {
      await this.#clearPath(name);
      rmSync(this.logPath(name), { force: true });
      attempt = await this.#attempt(name, launch);
      squatter = this.#squatter(name, attempt);
    }
    if (attempt.status === 0 && squatter === undefined) await this.#complete(name, complete);
    rmSync(marker, { force: true });
    if (squatter !== undefined) throw squatted(squatter);
    if (attempt.status !== 0) throw await this.#failure(name, attempt, launch.said());
    return this.running(name);
  }

  /** Runs lxc-start once; if it fails nothing of it is left but the log. */
  async #attempt(name: string, { program, sigpending, mounts }: Launch): Promise<Attempt> {
    this.#newPath(name);
    const folder = this.folder(name);
    const argv = [
      this.#starter,
      '-P',
      this.path(name),
      '-n',
      name,
      '-f',
      join(folder, 'lxc.conf'),
      '-d',
      '-p',
      join(folder, 'monitor.pid'),
      // Not by `lxc.log.file`: the tools of liblxc 6 bring a log of their own that obeys these alone (they come before its).
      '-o',
      this.logPath(name),
      '-l',
      'INFO',
      '--',
      ...program,
    ] as const;
    // What the maker of the user namespace may queue is what all its users may together.
    const starter = this.#tool(
      sigpending === undefined
        ? argv
        : ['/usr/bin/prlimit', `--sigpending=${withinShare(sigpending)}`, ...argv],
      mounts,
    );
    using watch = this.#watchStart(name, starter);
    const status = await starter.ended;
    // Whoever ended it: the monitor outlives lxc-start, and may go on to a container that nobody knows of.
    if (status !== 0) await this.#abort(name);
    return { status, fault: watch.fault };
  }

  #watchStart(name: string, starter?: Spawned): StartWatch {
    return new StartWatch({
      address: this.address(name),
      ...(starter === undefined ? {} : { starter }),
      monitor: () => this.#monitor(name),
      limitMs: this.#startLimitMs,
    });
  }

  /** Who has the name of the command socket instead of the monitor that should have it by now. */
  #squatter(name: string, { status }: Attempt): Holder | undefined {
    if (status === 0 && this.#monitor(name) !== undefined) return undefined;
    const sockets = socketsAt(this.address(name));
    return sockets.size === 0 ? undefined : (holderOf(sockets) ?? { pid: Number.NaN, uid: Number.NaN });
  }

  /** Ends what there is of a start, whichever part of it hangs. */
  async #abort(name: string): Promise<void> {
    const monitor = this.#monitor(name);
    const found = [...this.#starters(name), ...(monitor === undefined ? [] : [monitor])];
    for (const pid of found) killIfThere(pid);
    await this.clearGroups(name);
    await this.#monitorEnd(name);
  }

  /** Ends what is left in a container's groups, and removes them; returns those that are still in use. */
  async clearGroups(name: string): Promise<string[]> {
    // A start has its folder before it has groups, and the longer.
    const isOther = (other: string): boolean => existsSync(this.folder(other));
    return await removeContainerGroups(this.cgroups, this.layout.cgroup, name, isOther);
  }

  /** Of starts that broke off under an earlier daemon. */
  async #clearLeftGroups(): Promise<void> {
    const isKnown = (name: string): boolean => existsSync(this.folder(name));
    const left = containersIn(this.cgroups, this.layout.cgroup).filter(
      (name) => !isKnown(name) && !isKnown(unnumbered(name)),
    );
    for (const name of left) await this.clearGroups(name);
  }

  async #failure(name: string, { status, fault }: Attempt, console: readonly string[]): Promise<EngineError> {
    const errors = startErrors((await readIfThere(this.logPath(name))) ?? '');
    const details = { errors, ...(console.length > 0 && { console }) };
    if (fault === 'late')
      return new EngineError(
        'timeout',
        `lxc-start had not started the container after ${this.#startLimitMs / 1000} s and was ended${errors.length === 0 ? '' : `: ${errors.join('; ')}`}`,
        details,
      );
    const isHook = errors.some((error) => error.includes('lxc.hook.start-host'));
    // Of the hook's programs ip(8) alone ends so.
    if (isHook && errors.some((error) => /status 2\b/.test(error)))
      return new EngineError(
        'invalid',
        'init was not started: the kernel takes a <route> of the document for none; see that its gateway is in a network of the ' +
          'interface, and that no other route is the same',
        details,
      );
    if (isHook && errors.some((error) => error.includes(`status ${NO_DATASET}`)))
      return new EngineError(
        'host-command',
        'init was not started: ZFS does not hand over a dataset of the document; see `zfs zone` on the host',
        details,
      );
    if (isHook)
      return new EngineError(
        'denied',
        "init was not started: the folder it was to begin in was changed meanwhile, and is not the container's own any more",
        details,
      );
    if (errors.length === 0) refuseWithoutRoom(this.folder(name));
    const reason =
      fault === 'stillborn'
        ? "its first process was killed before it could run init: see the kernel's log for who ran out of memory"
        : errors.join('; ') || `lxc-start ended with status ${status}`;
    const [, list = ''] = /Failed to set "(cpuset\.\w+)"/.exec(reason) ?? [];
    const what = `liblxc could not start the container: ${reason}${hostHas(list)}`;
    return (
      refusalOf(errnoInWords(reason) ?? '', what, details) ?? new EngineError('host-command', what, details)
    );
  }

  /** A container whose start cannot be completed is ended again; one that ended meanwhile needs nothing more. */
  async #complete(name: string, complete: () => Promise<void>): Promise<void> {
    try {
      await complete();
    } catch (error) {
      const running = this.running(name);
      if (running === undefined) return;
      await this.end(name, running, new Promise<void>((resolve) => this.watch(name, running, resolve)));
      throw error;
    }
  }

  /** The container of this name if it runs now. */
  running(name: string): Running | undefined {
    const monitorPid = this.#monitor(name);
    if (monitorPid === undefined) return undefined;
    // After the container's end the monitor has other children: programs of the host's that clear up.
    const initPid = childrenOf(monitorPid).find(hasOwnPids);
    if (initPid === undefined) return undefined;
    const ticks = startTicks(initPid);
    if (ticks === undefined) return undefined;
    return { monitorPid, initPid, initTicks: ticks, startedAt: startedAt(ticks) };
  }

  async #monitorEnd(name: string): Promise<void> {
    for (
      const deadline = performance.now() + 10_000;
      this.#monitor(name) !== undefined && performance.now() < deadline;
    )
      await sleep(2);
  }

  #monitor(name: string): number | undefined {
    const text = unlessGone(() => readFileSync(join(this.folder(name), 'monitor.pid'), 'utf8'));
    if (text === undefined) return undefined; // never started, or cleared after its end
    const pid = Number(text);
    // The pid may belong to another process by now: a monitor's command line says whose it is.
    return commandLine(pid)[0] === this.#title(name) ? pid : undefined;
  }

  #title(name: string): string {
    return `[lxc monitor] ${this.path(name)} ${name}`;
  }

  /** Names of all that were started and not yet cleared. */
  started(): string[] {
    return foldersIn(this.layout.runtime).filter((name) => !name.startsWith(GONE));
  }

  /** Folders of ended runs on their way out. */
  clearing(): { name: string; path: string }[] {
    return readdirSync(this.layout.runtime)
      .filter((entry) => entry.startsWith(GONE))
      .map((entry) => ({ name: entry.slice(GONE.length), path: join(this.layout.runtime, entry) }));
  }

  /**
   * Waits for lxc-start processes that a killed daemon left: each either brings its container up or cleans up after itself.
   * Returns the names of those whose start was not complete.
   */
  async settle(timeoutMs = 30_000): Promise<string[]> {
    for (const { path } of this.clearing()) await rm(path, { recursive: true });
    const interrupted: string[] = [];
    const deadline = performance.now() + timeoutMs;
    for (const name of this.started()) {
      const marker = join(this.folder(name), 'starting');
      if ((await readIfThere(marker)) === undefined) continue;
      using _watch = this.#watchStart(name);
      while (performance.now() < deadline && this.#starters(name).length > 0) await sleep(20);
      if (this.#starters(name).length > 0) await this.#abort(name);
      await rm(marker, { force: true });
      interrupted.push(name);
    }
    await this.#clearLeftGroups();
    await this.#clearLeftPaths();
    return interrupted;
  }

  /** Of runs that a killed daemon had begun to clear, or not yet begun. */
  async #clearLeftPaths(): Promise<void> {
    const used = new Set(this.started().flatMap((name) => [name, basename(this.path(name))]));
    for (const left of readdirSync(this.layout.lxc).filter((entry) => !used.has(entry))) {
      await rm(join(this.layout.lxc, left), { recursive: true, force: true });
      await rm(join(LOCKS, this.layout.lxc, left), { recursive: true, force: true });
    }
  }

  /** Takes away the folders of liblxc's locks, as far as nobody else has any there; for a daemon that ends with nothing running. */
  forgetLocks(): void {
    const { lxc, run, root = run } = this.layout;
    for (let folder = lxc; folder.startsWith(root); folder = dirname(folder)) {
      try {
        rmdirSync(join(LOCKS, folder));
      } catch (error) {
        if (isErrno(error, 'ENOTEMPTY')) return;
        if (!isErrno(error, 'ENOENT')) throw error;
      }
    }
  }

  /** Processes of a start that is not over: lxc-start, and the monitor before anybody else knows of it. */
  #starters(name: string): number[] {
    const own = this.path(name);
    const running = this.running(name)?.monitorPid;
    return readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry))
      .map(Number)
      .filter((pid) => {
        const words = commandLine(pid);
        if (words[0] === this.#title(name)) return pid !== running;
        const [program, , path, , container] = words.slice(words.indexOf(this.#starter));
        return program === this.#starter && path === own && container === name;
      });
  }

  /**
   * Calls back once when the container has ended and liblxc has put everything away.
   * An open connection to the monitor's command socket ends with the monitor: no polling while the container runs.
   */
  watch(name: string, running: Running, onEnd: () => void): Disposable {
    let stopped = false;
    const isMonitor = () => commandLine(running.monitorPid)[0]?.startsWith('[lxc monitor]') === true;
    const ended = async (): Promise<void> => {
      while (!stopped && isAlive(running.monitorPid) && isSo(() => this.running(name) !== undefined))
        await sleep(20);
      while (!stopped && isSo(isMonitor)) await sleep(2);
      if (!stopped) onEnd();
    };
    const fd = connectToMonitor(this.address(name));
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
  async ending(name: string): Promise<LoggedEnding> {
    await this.#monitorEnd(name);
    return endingOf((await readIfThere(this.logPath(name))) ?? '');
  }

  /** Ends the container at once, whatever its processes are up to; false if it is not `gone` for all that. */
  async end(name: string, running: Running, gone: Promise<void>): Promise<boolean> {
    let isGone = false;
    void gone.then(() => (isGone = true));
    const patience = new Patience(KILL_WAIT_MS, performance.now());
    const group = this.group(name);
    const counter = join(this.cgroups.path('pids', group), 'pids.current');
    // Of many on a busy host all end before the first is reaped, and both are on the way.
    const left = async (): Promise<number> => {
      const [live, unreaped] = [await countLive(this.cgroups, group), readNumber(counter)];
      return patience.left(unreaped === null ? null : live + unreaped, performance.now());
    };
    for (let wait = END_AGAIN_MS; !isGone && (await left()) > 0; wait *= 2) {
      if (wait > END_AGAIN_MS) await letGo(this.cgroups, group);
      await killGroup(this.cgroups, group);
      // With it the kernel ends every process of the pid namespace, whichever group that is in.
      this.signal(running, 'SIGKILL');
      await Promise.race([gone, sleep(Math.min(wait, await left()), undefined, { ref: false })]);
      if (!isGone && wait > MONITOR_WAIT_MS) this.endDeafMonitor(name, running);
    }
    return isGone;
  }

  /**
   * Ends the monitor of a container whose init has ended, and returns whether there was one. It passes on what is typed at the
   * console, and waits as long as nobody reads that, whatever ends meanwhile.
   */
  endDeafMonitor(name: string, running: Running): boolean {
    if (this.#monitor(name) !== running.monitorPid || !isOver(running)) return false;
    killIfThere(running.monitorPid);
    return true;
  }

  signal(running: Running, signal: NodeJS.Signals | number): void {
    // It may end between the look and the signal.
    if (childrenOf(running.monitorPid).includes(running.initPid)) killIfThere(running.initPid, signal);
  }

  /** Forgets an ended container. */
  async clear(name: string): Promise<void> {
    await this.#clearPath(name);
    // At once, or a daemon that is killed meanwhile leaves half of what tells the next one how it ended.
    const grave = join(this.layout.runtime, `${GONE}${name}`);
    await rm(grave, { recursive: true, force: true });
    await rename(this.folder(name), grave).catch(ignoreAbsent);
    await rm(grave, { recursive: true, force: true });
  }

  /** Whether it was started with a filter of system calls. */
  hasFilter(name: string): boolean {
    return existsSync(join(this.folder(name), 'seccomp'));
  }

  /** What its configuration gives every program inside: variables, and soft limits by liblxc's names. */
  given(name: string): Pick<Container, 'environment' | 'softLimits'> {
    const config = readFileSync(join(this.folder(name), 'lxc.conf'), 'utf8');
    const variables = config.matchAll(/^lxc\.environment = ("?)([^=\n]+)=(.*)\1$/gm);
    const limits = config.matchAll(/^lxc\.prlimit\.(\w+) = ([^:\n]+)/gm);
    return {
      environment: Object.fromEntries([...variables].map(([, , key = '', value = '']) => [key, value])),
      softLimits: new Map([...limits].map(([, limit = '', soft = '']) => [limit, soft])),
    };
  }

  /** liblxc's version, which decides what its configuration may hold. */
  async version(): Promise<string> {
    try {
      return (await run([this.#starter, '--version'], { env: toolEnvironment })).stdout.trim();
    } catch (cause) {
      throw notInstalled(this.#starter, cause);
    }
  }

  /** Among the mounts that the container gets; its monitor stays there. */
  #tool(argv: readonly [string, ...string[]], mounts: Launch['mounts']): Spawned {
    const start = () =>
      withMonitorLimits(() => bornAsFirst(() => spawnProgram(argv, { env: toolEnvironment })));
    try {
      return mounts.within(start);
    } catch (cause) {
      throw notInstalled(argv[0], cause);
    }
  }
}

function squatted({ pid, uid }: Holder): EngineError {
  const who = Number.isNaN(pid) ? 'somebody' : `process ${pid} of user ${uid}`;
  return new EngineError(
    'busy',
    `${who} takes the name of the container's command socket before liblxc can, whichever it is: end that, and start the domain again`,
    { pid, uid },
  );
}

/** What a start writes there: its configuration, its filter, liblxc's log. */
const START_BYTES = 64 * 1024;

/** liblxc's log says nothing of a disk that has no room for it. */
function refuseWithoutRoom(folder: string): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= START_BYTES) return;
  const error = refusalOf('ENOSPC', `liblxc could not start the container, nor write why into ${folder}`);
  if (error !== undefined) throw error;
}

function notInstalled(file: string, cause: unknown): EngineError {
  return new EngineError('unsupported', `cannot run ${file}: install Debian's package lxc`, {}, { cause });
}

/** Whether its init has ended, though nobody may have taken notice. */
export const isOver = ({ initPid, initTicks }: Running): boolean => hasEnded(initPid, initTicks);

/** Also as long as nobody can look: what has not been seen to end has not ended. */
function isSo(look: () => boolean): boolean {
  try {
    return look();
  } catch {
    return true;
  }
}

function ignoreAbsent(error: unknown): void {
  if (!isErrno(error, 'ENOENT')) throw error;
}
