// A container that runs, as liblxc's tools and its control groups know it.
// SPDX-License-Identifier: Apache-2.0
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DomainUse } from '@ctvirt/api';
import type { Domain } from '@ctvirt/xml';
import { type AttachOptions, attach, type Container } from '../../attach/attach.js';
import type { FilterCache } from '../../attach/filters.js';
import { refuseWithoutRoom } from '../../attach/room.js';
import { transfer } from '../../attach/transfer.js';
import { beginMoves } from '../../cgroups/early-move.js';
import { isFrozen, setFrozen, whileStopped } from '../../cgroups/freezer.js';
import type { CgroupLayout } from '../../cgroups/layout.js';
import type { ConsoleStream, ExecSession, Transfer } from '../../contract.js';
import { EngineError } from '../../errors.js';
import { linkAddresses, printable } from '../../host/addresses.js';
import type { Confinement } from '../../host/apparmor.js';
import type { Gauges } from '../../host/gauges.js';
import { hostPidOf } from '../../host/inner-pid.js';
import { handlerOf, programPath } from '../../host/processes.js';
import { run } from '../../host/run.js';
import { linksOf } from '../../lifecycle/links.js';
import type { EngineLog } from '../../log.js';
import { announce } from '../../network/announcing.js';
import { diskName } from '../../state/layout.js';
import type { Usage } from '../../storage/index.js';
import type { DomainCounters, LinkAddresses } from '../../view.js';
import { wantedWalls } from '../../walls/wanted.js';
import type { Held, Program, Run, RunProcess, RunUsers, Size, Subject } from '../driver.js';
import { openConsole } from './console.js';
import type { ConsoleWatch } from './console-watch.js';
import { countersOf, heldBy, useOf } from './counters.js';
import { initSignal } from './init-signals.js';
import { processesOf } from './processes.js';
import type { LxcTools, Running } from './tools.js';
import { usageInside } from './usage.js';
import { usersOf } from './users.js';

/** Dependencies of `LxcRun`. */
export interface LxcRunParts {
  readonly tools: LxcTools;
  readonly cgroups: CgroupLayout;
  readonly appArmor: Confinement;
  readonly gauges: Gauges;
  readonly filters: FilterCache;
  readonly consoles: ConsoleWatch;
  /** What a domain was started with. */
  readonly live: (subject: Subject) => Promise<Domain>;
  readonly log: EngineLog;
}

/** What every program has that enters a container. */
const environment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  TERM: 'xterm',
  HOME: '/root',
  USER: 'root',
  LOGNAME: 'root',
} as const;

/** One run of a container, known by its monitor and its init. */
export class LxcRun implements Run, Running {
  /** The container's name for liblxc. */
  readonly name: string;
  readonly monitorPid: number;
  readonly initPid: number;
  readonly initTicks: number;
  readonly startedAt: Date;

  constructor(
    private readonly subject: Subject,
    running: Running,
    private readonly parts: LxcRunParts,
  ) {
    this.name = diskName(subject.record.name);
    this.monitorPid = running.monitorPid;
    this.initPid = running.initPid;
    this.initTicks = running.initTicks;
    this.startedAt = running.startedAt;
  }

  /** The monitor's pid, as for libvirt's own LXC driver. */
  get id(): number {
    return this.monitorPid;
  }

  /** The kernel's name for the group of its processes, below each hierarchy. */
  get group(): string {
    return this.parts.tools.group(this.name);
  }

  get isFrozen(): boolean {
    return isFrozen(this.parts.cgroups, this.group);
  }

  watch(onEnd: () => void): Disposable {
    return this.parts.tools.watch(this.name, this, onEnd);
  }

  ask(what: 'poweroff' | 'reboot'): void {
    const { initPid } = this;
    this.parts.tools.signal(this, initSignal(programPath(initPid), what, handlerOf(initPid)));
  }

  async kill(gone: Promise<void>): Promise<boolean> {
    const { tools, log } = this.parts;
    // The next daemon must know that this end was wanted, should this one be killed in between.
    const intent = join(tools.folder(this.name), INTENT);
    await writeFile(intent, 'destroy').catch((error: unknown) =>
      log('warn', `killing container '${this.name}' all the same: ${String(error)}`),
    );
    try {
      return await tools.end(this.name, this, gone);
    } catch (error) {
      // It goes on, so whoever ends it later is not us.
      await rm(intent, { force: true });
      throw error;
    }
  }

  freeze(): Promise<void> {
    return setFrozen(this.parts.cgroups, this.group, true);
  }
  thaw(): Promise<void> {
    return setFrozen(this.parts.cgroups, this.group, false);
  }
  hold(work: () => Promise<void>, limitMs: number): Promise<number> {
    const copied = `the files of container '${this.name}'`;
    return whileStopped(this.parts.cgroups, this.group, { copied, limitMs }, work);
  }

  /** By a program, which can be ended: a disk may take its time. */
  async sync(): Promise<void> {
    await run(['/bin/sync', '-f', `/proc/${this.initPid}/root`], { timeoutMs: 60_000 });
  }

  async exec({ argv, env, user, folder, terminal }: Program): Promise<ExecSession> {
    const { cgroups } = this.parts;
    refuseWithoutRoom(this.subject.record.name, cgroups.path('pids', this.group));
    beginMoves(cgroups);
    const asked = { given: env, user, folder, ...(terminal !== undefined && { terminal }) };
    return await this.enter({ argv, env: {}, ...asked });
  }

  /** The same for a program of the engine's own, which nobody waits for. */
  async enter({ env, ...options }: AttachOptions): Promise<ExecSession> {
    return await attach(await this.#container(), { ...options, env: { ...environment, ...env } });
  }

  /** Not in its groups, so that it goes on while the container is frozen. */
  async transfer(what: Transfer): Promise<ExecSession> {
    const { tools, cgroups } = this.parts;
    const { initPid, initTicks } = this;
    const keeperGroups = cgroups.all(tools.monitorGroup(this.name));
    return await transfer({ initPid, initTicks, keeperGroups }, what);
  }

  get users(): RunUsers {
    return usersOf(this);
  }

  async console(size: Size): Promise<ConsoleStream> {
    const { tools, consoles } = this.parts;
    const { monitorPid, name } = this;
    const terminal = await openConsole({ address: tools.address(name), monitorPid }, size);
    const hangUp = (): void => void terminal.stream.destroy();
    if (this.subject.running === this)
      terminal.stream.once('close', consoles.watch(this.subject, this, hangUp));
    return terminal;
  }

  processes(pid?: number): Promise<readonly RunProcess[]> {
    return processesOf({ ...this.parts, group: this.group, initPid: this.initPid }, pid);
  }

  signal(pid: number, signal: number): void {
    const hostPid = hostPidOf(this.initPid, pid);
    if (hostPid === undefined)
      throw new EngineError('not-found', `domain '${this.subject.record.name}' has no process ${pid}`);
    try {
      process.kill(hostPid, signal);
    } catch (cause) {
      throw new EngineError('not-found', `process ${pid} has ended`, { pid }, { cause });
    }
  }

  async addresses(): Promise<readonly LinkAddresses[]> {
    const links = await linkAddresses(this.initPid);
    return links.map((link) => ({ ...link, name: printable(link.name) }));
  }

  async announce(): Promise<readonly string[]> {
    const { record } = this.subject;
    return await announce(this.initPid, linksOf(await this.parts.live(this.subject), record));
  }

  counters(): DomainCounters {
    const { cgroups, gauges, live } = this.parts;
    const { group, initPid, subject } = this;
    const links = async () => linksOf(await live(subject), subject.record);
    return countersOf({ cgroups, gauges, group, initPid, links });
  }

  use(): DomainUse {
    return useOf({ ...this.parts, group: this.group });
  }

  held(): Held {
    return heldBy(this.parts.cgroups, this.group);
  }

  usage(target: string): Promise<Usage> {
    const { subject, initPid } = this;
    return usageInside({ name: subject.record.name, initPid }, target);
  }

  /** What a program has to be told to get in. */
  async #container(): Promise<Container> {
    const { tools, cgroups, appArmor, filters, live } = this.parts;
    const { name, initPid, initTicks } = this;
    // One that an earlier daemon started may have none.
    const policy = tools.hasFilter(name) ? wantedWalls(await live(this.subject)).seccomp : 'off';
    return {
      initPid,
      initTicks,
      groups: cgroups.all(this.group),
      keeperGroups: cgroups.all(tools.monitorGroup(name)),
      ...tools.given(name),
      hasAppArmor: appArmor.state !== 'off',
      ...(policy !== 'off' && { filter: filters.get(policy) }),
    };
  }
}

/** Lies in the folder of a run that somebody has begun to kill. */
export const INTENT = 'intent';

/** The processes of a run, for this driver alone: every run of it is one of these. */
export function lxcRun(run: Run): LxcRun {
  if (run instanceof LxcRun) return run;
  throw new EngineError('internal', `run ${run.id} is no container's`);
}
