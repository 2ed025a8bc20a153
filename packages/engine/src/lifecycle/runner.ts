// Starts, watches and ends domains; what it knows of a running one it could find out again after a kill -9.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync } from 'node:fs';
import { rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatLxcConfig, type Resources } from '@ctvirt/formats';
import { beginMoves } from '../cgroups/early-move.js';
import { isFrozen, setFrozen } from '../cgroups/freezer.js';
import { type IoDisks, lacksDisks } from '../cgroups/io-limits.js';
import { type CgroupLayout, removeGroup } from '../cgroups/layout.js';
import { type Limit, lineOf } from '../cgroups/limit.js';
import { limitsOf } from '../cgroups/limits.js';
import { strayControllers } from '../cgroups/membership.js';
import { type ProcessCeiling, withProcessDefault } from '../cgroups/processes.js';
import { shareProtection } from '../cgroups/protection.js';
import { configRows } from '../drivers/lxc/config.js';
import { END_WAIT_MS, isOver, type LxcDriver, type Running } from '../drivers/lxc/driver.js';
import type { Ending } from '../drivers/lxc/ending.js';
import { EngineError } from '../errors.js';
import type { Admission } from '../guarantees/admission.js';
import { writeGuestFiles } from '../guest/files.js';
import { viewsAt } from '../guest/lxcfs-server.js';
import { strangers } from '../guest/own-mounts.js';
import type { Confinement } from '../host/apparmor.js';
import { type DetachedMount, detachMount } from '../host/mount-calls.js';
import { type MountEntry, mountsBelow, mountsOf, mounts as mountsOfHost } from '../host/mountinfo.js';
import { ownCeilings, within } from '../host/own-limits.js';
import { PrivateMounts } from '../host/private-mounts.js';
import { programPath } from '../host/processes.js';
import { hasSeccomp, policyText } from '../host/seccomp.js';
import { Undo } from '../host/undo.js';
import type { UserNamespacePool } from '../host/userns.js';
import { removeLeftLinks } from '../network/live-links.js';
import { refuseLinks } from '../network/refusals.js';
import { openRoutedLink } from '../network/routed-link.js';
import { isShaped, shapeLink } from '../network/shaping.js';
import type { Wall } from '../network/wall.js';
import type { Placement } from '../placement/placement.js';
import { diskName, type Layout } from '../state/layout.js';
import type { KeyedQueue } from '../state/queue.js';
import type { Entry, Registry } from '../state/registry.js';
import type { DomainStore } from '../state/store.js';
import type { FilesystemSpec, OpenContext, Sources } from '../storage/index.js';
import type { LifecycleEvent, StateReason } from '../view.js';
import { noDisk } from './block-io.js';
import { linkPrefixOf } from './document.js';
import { initSignal } from './init-signals.js';
import { type OpenedFiles, openFiles } from './opening.js';
import type { EndAction, RunPlan } from './plan.js';
import { RebootPace } from './reboot-pace.js';
import { sharedIds } from './shared-ids.js';

export interface RunnerParts {
  readonly layout: Layout;
  readonly store: DomainStore;
  readonly registry: Registry;
  readonly driver: LxcDriver;
  readonly cgroups: CgroupLayout;
  readonly namespaces: UserNamespacePool;
  readonly sources: Sources;
  readonly queue: KeyedQueue;
  readonly templatePath: (name: string) => string;
  /** Plans a start from the domain's stored document; answers the document too. */
  readonly plan: (entry: Entry) => Promise<{ plan: RunPlan; xml: string }>;
  readonly admission: Admission;
  readonly placement: Placement;
  readonly appArmor: Confinement;
  readonly ceiling: ProcessCeiling;
  readonly wall: Wall;
  /** Whether groups have the file of a limit. */
  readonly has: (limit: Limit) => boolean;
  /** The disks below a domain's file systems, once those are open. */
  readonly disks: (entry: Entry, filesystems: readonly FilesystemSpec[]) => IoDisks;
  /** What shows a container its own limits. */
  readonly shown: () => Promise<DetachedMount | undefined>;
  /** Puts limits of single users in force. */
  readonly limitOwners: (entry: Entry, plan: RunPlan) => void;
  readonly emit: (event: LifecycleEvent['event'], detail: string, entry: Entry) => void;
  readonly log: (level: 'info' | 'warn' | 'error', message: string, fields?: Record<string, unknown>) => void;
  /** Puts back what a killed daemon had begun to change of a running domain; answers whether it had. */
  readonly undoAmend: (entry: Entry, initPid: number) => Promise<boolean>;
  /** Removes a transient domain that has ended. */
  readonly forget: (entry: Entry) => Promise<void>;
}

/** A domain that ends by itself this often within the time is not restarted any more, but for reboots. */
const RESTART_LIMIT = { times: 5, withinMs: 60_000 };

/** A monitor takes some milliseconds to take notice of an end. */
const MONITOR_LOOK_MS = 1000;
const MONITOR_LOOKS = 3;

export class Runner {
  readonly #endings = new Map<string, number[]>();
  readonly #pace = new RebootPace();
  readonly #closing = new AbortController();
  /** What hangs up the consoles of runs at whose console somebody is or has been. */
  readonly #consoles = new Map<Running, Set<() => void>>();

  constructor(private readonly parts: RunnerParts) {}

  /** The kernel's name for the domain's group, below each hierarchy. */
  group(entry: Entry): string {
    return this.parts.driver.group(diskName(entry.record.name));
  }

  /** The group of the process that watches it. */
  monitorGroup(entry: Entry): string {
    return `${this.parts.layout.cgroup}/lxc.monitor.${diskName(entry.record.name)}`;
  }

  /** `detail` tells those who listen why it started. */
  async start(entry: Entry, detail: 'booted' | 'rebooted' = 'booted'): Promise<void> {
    if (entry.state !== 'shutoff')
      throw new EngineError('wrong-state', `domain '${entry.record.name}' is already running`);
    const { driver, cgroups, layout } = this.parts;
    const name = diskName(entry.record.name);
    beginMoves(cgroups);
    const { plan, xml } = await this.parts.plan(entry);
    refuseWithoutGroups(entry, cgroups);
    refuseWithoutWalls(entry, limitsOf(plan.resources, cgroups, this.parts.has).missing);
    const { limits: resources, lowered } = within(plan.resources, ownCeilings());
    if (lowered.length > 0)
      this.parts.log(
        'warn',
        `domain '${entry.record.name}': the daemon has no CAP_SYS_RESOURCE, so ${lowered.join(' and ')} stay at its own limits`,
        { domain: entry.record.name, lowered },
      );
    for (const { message } of plan.shifted ? sharedIds(plan.map) : [])
      this.parts.log('warn', `domain '${entry.record.name}': ${message}`, { domain: entry.record.name });
    // liblxc would give the container other groups than those its limits are set in.
    const isTaken = this.parts.cgroups.all(this.group(entry)).some((group) => existsSync(group));
    const [left] = isTaken ? await this.parts.driver.clearGroups(name) : [];
    if (left !== undefined)
      throw new EngineError(
        'busy',
        `processes of the last run of domain '${entry.record.name}' still hang in the kernel: see ${left}/cgroup.procs`,
        { group: left },
      );
    using _admitted = await this.parts.admission.beside(plan.claim);
    using shown = await this.parts.shown();
    // Needed until init runs; then the container has its own copies. The host itself has none at any time.
    using mounts = PrivateMounts.open(layout.mounts);
    const views = shown === undefined ? [] : viewsAt(mounts.attach(shown, 'lxcfs'));
    await using undo = new Undo();
    const files = await this.#open(entry, plan, mounts, undo);
    this.parts.limitOwners(entry, plan);
    const boot = async (limited: Resources): Promise<Running | undefined> => {
      const limits = this.#limits(entry, { ...plan, resources: limited });
      const config = formatLxcConfig(
        configRows({
          plan: { ...plan, resources },
          ...files,
          limits,
          views,
          cgroupVersion: cgroups.version,
          cgroupParent: layout.cgroup,
          appArmor: this.parts.appArmor,
          seccompPath: hasSeccomp ? join(driver.folder(name), 'seccomp') : undefined,
        }),
      );
      const { seccomp } = plan.walls;
      try {
        refuseLinks(plan.links, linkPrefixOf(entry.record));
        await this.parts.wall.guard(entry.record.uuid, plan.links);
        driver.prepare(name, {
          'live.xml': xml,
          'lxc.conf': config,
          ...(seccomp === 'off' ? {} : { seccomp: policyText(seccomp) }),
        });
        const { program, resources: asked } = plan;
        const launch = { program, sigpending: asked.sigpending, mounts };
        return await driver.start(name, launch, async () => {
          const run = driver.running(name);
          this.#checkMounts(entry, run);
          this.#checkGroups(entry, run, limits);
          await this.#openLinks(entry, plan);
        });
      } catch (error) {
        await this.#clearLinks(entry);
        await driver.clearGroups(name);
        await driver.clear(name);
        entry.reason = 'failed';
        throw error;
      }
    };
    using place = this.parts.placement.change(entry, {}, plan.resources);
    const running = await boot(place.to).catch((error: unknown) => {
      const unplaced = place.without(error);
      if (unplaced === undefined) throw error;
      return boot(unplaced);
    });
    this.parts.ceiling.know(entry.record.name, plan.resources);
    shareProtection(cgroups, layout.cgroup);
    entry.running = running;
    place.keep();
    this.parts.registry.hold(entry, entry.record.addresses);
    entry.state = 'running';
    entry.reason = 'booted';
    this.parts.emit('started', detail, entry);
    if (running === undefined) this.#finishLater(entry, () => hasEnded(entry));
    else this.#watch(entry, running);
    // Not on the way of who waits for the start; a daemon that is killed before leaves it to the next one.
    setImmediate(() => this.#detachFrom(name));
  }

  /** Ends a domain at once and resolves when nothing of its run is left. */
  async destroy(entry: Entry): Promise<void> {
    const name = diskName(entry.record.name);
    if (hasEnded(entry)) return await this.#finish(entry, { wanted: true });
    const running = this.#running(entry);
    // The next daemon must know that this end was wanted, should this one be killed in between.
    const intent = join(this.parts.driver.folder(name), 'intent');
    await writeFile(intent, 'destroy').catch((error: unknown) =>
      this.parts.log('warn', `destroying domain '${entry.record.name}' all the same: ${String(error)}`),
    );
    // What watches it goes on if it takes longer than anybody waits: its end is told whenever it comes.
    const gone = new Promise<void>((resolve) => this.#watch(entry, running, resolve));
    const isGone = await this.parts.driver.end(name, running, gone).catch(async (error: unknown) => {
      // It goes on, so whoever ends it later is not us.
      await rm(intent, { force: true });
      throw error;
    });
    if (!isGone)
      throw new EngineError(
        'timeout',
        `domain '${entry.record.name}' did not end within ${END_WAIT_MS / 1000} s of SIGKILL: a process of it hangs in the kernel`,
      );
    await this.#finish(entry);
  }

  /** Asks init, in the way it understands, to power off or to reboot. */
  ask(entry: Entry, what: 'poweroff' | 'reboot'): void {
    const running = this.#running(entry);
    if (entry.state === 'paused')
      throw new EngineError('wrong-state', `domain '${entry.record.name}' is paused: resume it first`);
    this.parts.driver.signal(running, initSignal(programPath(running.initPid), what));
  }

  async suspend(entry: Entry): Promise<void> {
    this.#running(entry);
    if (entry.state === 'paused')
      throw new EngineError('wrong-state', `domain '${entry.record.name}' is already paused`);
    await setFrozen(this.parts.cgroups, this.group(entry), true);
    entry.state = 'paused';
    entry.reason = 'user';
    this.parts.emit('suspended', 'paused', entry);
  }

  async resume(entry: Entry): Promise<void> {
    this.#running(entry);
    if (entry.state !== 'paused')
      throw new EngineError('wrong-state', `domain '${entry.record.name}' is not paused`);
    await setFrozen(this.parts.cgroups, this.group(entry), false);
    entry.state = 'running';
    entry.reason = 'unpaused';
    this.parts.emit('resumed', 'unpaused', entry);
  }

  /** Finds out what runs and what ended while no daemon was there, and clears what a killed one left half-made. */
  async recover(): Promise<void> {
    const { driver, layout, registry } = this.parts;
    const interrupted = new Set(await driver.settle());
    await this.#clearMounts();
    const byDiskName = new Map([...registry.entries()].map((entry) => [diskName(entry.record.name), entry]));
    for (const name of driver.started()) {
      const entry = byDiskName.get(name);
      if (entry === undefined) continue; // shown by check as a stray
      const running = driver.running(name);
      if (running === undefined) {
        entry.state = 'running';
        await this.#finish(entry).catch((error: unknown) =>
          this.parts.log('error', `after the end of domain '${entry.record.name}': ${String(error)}`),
        );
        continue;
      }
      // A monitor whose daemon was killed may have its start's mounts still.
      this.#detachFrom(name);
      if (interrupted.has(name)) await this.#openLinks(entry, (await this.parts.plan(entry)).plan);
      entry.running = running;
      const paused = isFrozen(this.parts.cgroups, this.group(entry));
      entry.state = paused ? 'paused' : 'running';
      entry.reason = paused ? 'user' : 'booted';
      if (existsSync(join(driver.folder(name), 'intent')))
        void this.parts.queue.run(entry.record.name, () => this.destroy(entry));
      else {
        this.#watch(entry, running);
        await this.#undoAmend(entry, running);
      }
    }
    for (const entry of registry.entries())
      if (!entry.record.persistent && entry.running === undefined) await this.parts.forget(entry);
    if ([...registry.entries()].every((entry) => entry.running === undefined))
      removeGroup(this.parts.cgroups, layout.cgroup);
  }

  /** What the links need on the host besides what liblxc gives them. */
  async #openLinks(entry: Entry, { links }: RunPlan): Promise<void> {
    for (const link of links) {
      await openRoutedLink(link);
      if (!isShaped(link)) continue;
      await shapeLink(link).catch((error: unknown) => {
        if (!(error instanceof EngineError) || error.code !== 'unsupported') throw error;
        this.parts.log(
          'warn',
          `domain '${entry.record.name}': ${link.name} is not limited: ${error.message}`,
        );
      });
    }
  }

  async #clearLinks({ record }: Entry): Promise<void> {
    await removeLeftLinks(linkPrefixOf(record));
    await this.parts.wall.release(record.uuid);
  }

  async #undoAmend(entry: Entry, { initPid }: Running): Promise<void> {
    const { log, undoAmend } = this.parts;
    const { name } = entry.record;
    try {
      if (await undoAmend(entry, initPid))
        log('warn', `domain '${name}': took back a change that was interrupted`);
    } catch (error) {
      log('error', `domain '${name}': a change that was interrupted is done in part: ${String(error)}`);
    }
  }

  /** Stops watching; containers go on. */
  close(): void {
    this.#closing.abort();
    for (const entry of this.parts.registry.entries()) entry.watch?.[Symbol.dispose]();
    if ([...this.parts.registry.entries()].every((entry) => entry.running === undefined))
      removeGroup(this.parts.cgroups, this.parts.layout.cgroup);
  }

  /** Takes a start's mounts away from the monitor, which would keep them in use as long as its container lives. */
  #detachFrom(name: string): void {
    const running = this.parts.driver.running(name);
    try {
      if (running !== undefined) PrivateMounts.detachFrom(running.monitorPid, this.parts.layout.mounts);
    } catch (error) {
      if (this.parts.driver.running(name) !== undefined)
        this.parts.log('error', `the monitor of domain '${name}' keeps its start's mounts: ${String(error)}`);
    }
  }

  /** What daemons of older versions left, which had theirs on the host. */
  async #clearMounts(): Promise<void> {
    const { mounts } = this.parts.layout;
    for (const { target } of mountsBelow(mounts)) {
      this.parts.log('warn', `detaching ${target}, left by an interrupted start`);
      detachMount(target);
    }
    for (const name of readdirSync(mounts)) {
      for (const folder of readdirSync(join(mounts, name))) await rmdir(join(mounts, name, folder));
      await rmdir(join(mounts, name));
    }
  }

  /** The limits this host can set, now that the disks are known; the others are told in the log. */
  #limits(entry: Entry, { resources, filesystems }: RunPlan): Limit[] {
    const disks = this.parts.disks(entry, filesystems);
    const { set, missing } = limitsOf(
      withProcessDefault(resources),
      this.parts.cgroups,
      this.parts.has,
      disks,
    );
    const files = missing.map((limit) => `${limit.file}=${lineOf(limit)}`);
    if (files.length > 0)
      this.parts.log('warn', `domain '${entry.record.name}': this kernel cannot set ${files.join(', ')}`, {
        domain: entry.record.name,
        files,
      });
    if (lacksDisks(resources, disks))
      this.parts.log('warn', `domain '${entry.record.name}': its block I/O is not limited: ${noDisk}`, {
        domain: entry.record.name,
      });
    return set;
  }

  async #open(entry: Entry, plan: RunPlan, mounts: PrivateMounts, undo: Undo): Promise<OpenedFiles> {
    const { store, namespaces, sources, templatePath, log } = this.parts;
    const { name } = entry.record;
    const context: OpenContext = {
      keep: store.rootFolder(name),
      mounts,
      map: plan.map,
      shifted: plan.shifted,
      namespaces,
      sources,
      templatePath,
      furnish: ({ target, readOnly }, root, owner) => {
        if (target === '/' && !readOnly) writeGuestFiles(root, owner, plan.guestFiles);
      },
      tell: (remarks) => {
        for (const remark of remarks) log('warn', `domain '${name}': ${remark}`, { domain: name });
      },
    };
    return await openFiles(plan, context, undo);
  }

  /** Whatever went on while liblxc mounted: a container that sees more of the host than it was given does not run. */
  #checkMounts(entry: Entry, running: Running | undefined): void {
    if (running === undefined) return;
    const { mounts: folder } = this.parts.layout;
    const look = (): MountEntry[] => {
      const there = mountsOf(running.monitorPid);
      const handed = there.filter(({ target }) => handedOver.test(target) && target.startsWith(`${folder}/`));
      return strangers({
        inside: mountsOf(running.initPid),
        handed,
        others: [...there, ...mountsOfHost()],
      });
    };
    // A folder that is just renamed has two names in two looks.
    for (let looks = 1; looks <= 3; looks++) {
      const found = look();
      if (found.length === 0) return;
      if (looks < 3) continue;
      const what = found.map(({ target, type, root }) => `${target} (${root} of a ${type})`).join(', ');
      throw new EngineError(
        'denied',
        `domain '${entry.record.name}' was ended: it had mounts of the host that its start did not give it: ${what}`,
        { mounts: found },
      );
    }
  }

  /** liblxc starts a container without groups where it sees none, which no limit would reach. */
  #checkGroups(entry: Entry, running: Running | undefined, limits: readonly Limit[]): void {
    if (running === undefined) return;
    const { cgroups } = this.parts;
    // That of v1 which stops processes ends them, too.
    const needed = ['freezer' as const, ...limits.map(({ controller }) => controller)];
    const stray = strayControllers(cgroups, running.initPid, this.group(entry), needed);
    if (stray.length === 0) return;
    throw new EngineError(
      'unsupported',
      `domain '${entry.record.name}' was ended: it was not in its control group for ${stray.join(', ')}, so no limits held it: ` +
        'see that control groups are mounted at /sys/fs/cgroup, where the daemon sees them',
      { controllers: stray },
    );
  }

  #watch(entry: Entry, running: Running, onEnd: () => void = () => undefined): void {
    entry.watch?.[Symbol.dispose]();
    entry.watch = this.parts.driver.watch(diskName(entry.record.name), running, () => {
      onEnd();
      this.#finishLater(entry, () => entry.running === running);
    });
  }

  /**
   * Somebody types at its console: who does not read that keeps liblxc's programs from taking notice of the container's end. Calls
   * `hangUp` after the end, and answers how not to; the monitor is looked at as long as the run lasts, since what is typed may wait
   * for longer than who typed it.
   */
  watchConsole(entry: Entry, hangUp: () => void): () => void {
    const { running } = entry;
    if (running === undefined) return () => undefined;
    const hangUps = this.#consoles.get(running) ?? this.#watchMonitor(entry, running);
    hangUps.add(hangUp);
    return () => hangUps.delete(hangUp);
  }

  #watchMonitor(entry: Entry, running: Running): Set<() => void> {
    const hangUps = new Set<() => void>();
    const { log } = this.parts;
    const { name } = entry.record;
    this.#consoles.set(running, hangUps);
    this.#endMonitor(entry, running)
      .catch((error: unknown) => {
        if (this.#closing.signal.aborted) return;
        log('error', `the monitor of domain '${name}' is not looked at: ${String(error)}`);
      })
      .finally(() => {
        this.#consoles.delete(running);
        for (const hangUp of hangUps) hangUp();
      });
    return hangUps;
  }

  /** Resolves when the run is over, with or without its monitor. */
  async #endMonitor(entry: Entry, running: Running): Promise<void> {
    const { driver, log } = this.parts;
    const { name } = entry.record;
    for (let seen = 0; entry.running === running; ) {
      await sleep(MONITOR_LOOK_MS, undefined, { ref: false, signal: this.#closing.signal });
      seen = isOver(running) ? seen + 1 : 0;
      if (seen >= MONITOR_LOOKS && driver.endDeafMonitor(diskName(name), running))
        log(
          'warn',
          `domain '${name}' has ended, and its monitor, which hung in what was typed at its console, was ended, too`,
          { domain: name },
        );
    }
  }

  /** When it is the domain's turn, unless an operation before has seen to its end. */
  #finishLater(entry: Entry, isDue: () => boolean): void {
    this.#pause(entry)
      .then(() =>
        this.parts.queue.run(entry.record.name, async () => {
          if (isDue() && !this.#closing.signal.aborted) await this.#finish(entry);
        }),
      )
      .catch((error: unknown) =>
        this.parts.log('error', `after the end of domain '${entry.record.name}': ${String(error)}`),
      );
  }

  /**
   * Waits if it reboots too often, with its run as it is: others have their turn meanwhile, and a daemon that comes after a killed one
   * finds the reboot still to be done.
   */
  async #pause({ record: { name } }: Entry): Promise<void> {
    const { driver, log } = this.parts;
    if (this.#isEndWanted(name) || (await driver.ending(diskName(name))).cause !== 'reboot') return;
    const { pauseMs, isFirst } = this.#pace.next(name);
    if (isFirst)
      log(
        'warn',
        `domain '${name}' reboots again and again: from now on it waits up to 10 s before each start`,
        {
          domain: name,
        },
      );
    if (pauseMs === 0) return;
    await sleep(pauseMs, undefined, { ref: false, signal: this.#closing.signal }).catch(() => undefined);
  }

  #isEndWanted(name: string): boolean {
    return existsSync(join(this.parts.driver.folder(diskName(name)), 'intent'));
  }

  /** Puts a domain that has ended into its new state, and does what its document wants to happen then. */
  async #finish(entry: Entry, options: { wanted?: boolean } = {}): Promise<void> {
    const { driver, store, log } = this.parts;
    const name = diskName(entry.record.name);
    const wanted = options.wanted === true || this.#isEndWanted(entry.record.name);
    const ending = await driver.ending(name);
    entry.watch?.[Symbol.dispose]();
    entry.watch = undefined;
    entry.running = undefined;
    this.parts.registry.hold(entry, []);
    entry.state = 'shutoff';
    entry.reason = wanted ? 'destroyed' : reasons[ending.cause];
    log('info', `domain '${entry.record.name}' ended: ${wanted ? 'destroyed' : ending.detail}`, {
      domain: entry.record.name,
      reason: entry.reason,
    });
    const action =
      wanted || ending.cause === 'unstarted' ? 'destroy' : await this.#endAction(entry, ending.cause);
    await this.#clearLinks(entry);
    await this.parts.driver.clearGroups(name);
    if (action !== 'restart' && entry.record.persistent) {
      this.#remember(entry, entry.reason);
      // It is off whether or not the disk has room to say why.
      await store
        .writeRecord(entry.record, { durable: false })
        .catch((error: unknown) => log('warn', `domain '${entry.record.name}' is off: ${String(error)}`));
    }
    this.parts.ceiling.leave(entry.record.name);
    shareProtection(this.parts.cgroups, this.parts.layout.cgroup);
    // Last: until then a daemon that comes after this one finds out the same.
    await driver.clear(name);
    this.parts.emit('stopped', entry.reason, entry);
    if (action === 'restart') {
      // It comes back to its processors: nobody is moved for a reboot.
      await this.start(entry, ending.cause === 'reboot' ? 'rebooted' : 'booted').catch((error: unknown) => {
        this.parts.placement.leave(entry);
        log('error', `domain '${entry.record.name}' could not be restarted: ${String(error)}`);
      });
      return;
    }
    this.parts.placement.leave(entry);
    if (!entry.record.persistent) await this.parts.forget(entry);
  }

  async #endAction(entry: Entry, cause: 'poweroff' | 'reboot' | 'crash'): Promise<EndAction> {
    const { plan } = await this.parts.plan(entry);
    const action = plan.onEnd[cause];
    if (action !== 'restart' || cause === 'reboot') return action;
    const now = performance.now();
    const recent = [...(this.#endings.get(entry.record.name) ?? []), now].filter(
      (at) => now - at < RESTART_LIMIT.withinMs,
    );
    this.#endings.set(entry.record.name, recent);
    if (recent.length <= RESTART_LIMIT.times) return 'restart';
    this.parts.log(
      'error',
      `domain '${entry.record.name}' ended ${recent.length} times within a minute and stays off`,
    );
    return 'destroy';
  }

  #remember(entry: Entry, reason: StateReason): void {
    this.parts.registry.replace(entry, { ...entry.record, lastReason: reason });
  }

  #running(entry: Entry): Running {
    if (entry.running === undefined)
      throw new EngineError('wrong-state', `domain '${entry.record.name}' is not running`);
    return entry.running;
  }
}

/** Neither limits nor `destroy` would reach a container without groups. */
function refuseWithoutGroups(entry: Entry, { version, controllers }: CgroupLayout): void {
  if (version === 2 || controllers.has('freezer')) return;
  throw new EngineError(
    'unsupported',
    `domain '${entry.record.name}' needs control groups, and this daemon sees none at /sys/fs/cgroup: mount them there, and restart the daemon`,
  );
}

/** A container whose limits the kernel cannot keep could take the whole host: better it does not start. */
function refuseWithoutWalls(entry: Entry, missing: readonly Limit[]): void {
  const walls = missing.filter(({ hard }) => hard).map((limit) => `${limit.file}=${lineOf(limit)}`);
  if (walls.length === 0) return;
  throw new EngineError(
    'unsupported',
    `domain '${entry.record.name}' is limited by ${walls.join(', ')}, which this kernel's cgroups cannot set: ` +
      'enable the controller (see /proc/cgroups), or take the limit out of the document',
    { files: walls },
  );
}

const reasons = {
  poweroff: 'shutdown',
  reboot: 'shutdown',
  crash: 'crashed',
  unstarted: 'failed',
} as const satisfies Record<Ending['cause'], StateReason>;

/** Started, but over before anybody could look: its end waits for its turn. */
const hasEnded = (entry: Entry): boolean => entry.state !== 'shutoff' && entry.running === undefined;

/** By the names that file systems, memory and second views are attached under. */
const handedOver = /\/(root|ram|bind)-[^/]*$/;
