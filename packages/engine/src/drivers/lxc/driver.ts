// Runs domains as containers of liblxc: the floor below the domains, put together of its parts.
// SPDX-License-Identifier: Apache-2.0

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Domain } from '@ctvirt/xml';
import { FilterCache } from '../../attach/filters.js';
import { removeGroup } from '../../cgroups/layout.js';
import { shareProtection } from '../../cgroups/protection.js';
import type { ExecSession, Transfer } from '../../contract.js';
import { EngineError } from '../../errors.js';
import type { Facts } from '../../host/facts.js';
import { foldersIn, removeIfEmpty } from '../../host/files.js';
import type { HeldAsset } from '../../host/held-asset.js';
import { detachMount } from '../../host/mount-calls.js';
import { mountsBelow } from '../../host/mountinfo.js';
import { PrivateMounts } from '../../host/private-mounts.js';
import { isEnding } from '../../host/processes.js';
import { planOf } from '../../lifecycle/document.js';
import { linkFaults } from '../../lifecycle/link-faults.js';
import { resourcesIn } from '../../lifecycle/resources.js';
import type { HostIds } from '../../state/id-ranges.js';
import { diskName } from '../../state/layout.js';
import type {
  AroundStart,
  Driver,
  Ending,
  Found,
  LiveChange,
  Owners,
  Run,
  RunInfo,
  Subject,
} from '../driver.js';
import { type LxcAssetParts, LxcAssets } from './assets.js';
import { Boot, type BootParts } from './boot.js';
import { type ChangeParts, changeRun, namedLinks, restoreRun } from './change.js';
import { ConsoleWatch } from './console-watch.js';
import { type InfoParts, infoOf } from './info.js';
import { transferOff } from './off-tree.js';
import { INTENT, LxcRun, type LxcRunParts, lxcRun } from './run.js';
import type { Running } from './tools.js';

/** How long what ends just now may keep the control groups of all. */
const LEAVE_MS = 1000;

/** Dependencies of `LxcDriver` and its parts. */
export interface LxcDriverParts
  extends Omit<BootParts, 'diskLimits'>,
    ChangeParts,
    InfoParts,
    LxcAssetParts,
    Omit<LxcRunParts, 'consoles' | 'filters'> {
  readonly facts: Facts;
  /** Told before a run's links come and go, and after. */
  readonly linksChange: (subject: Subject, change: LiveChange) => void;
  readonly linksChanged: (subject: Subject) => void;
  /** The document of a run. */
  readonly live: (subject: Subject) => Promise<Domain>;
}

/** The driver of containers by liblxc. */
export class LxcDriver implements Driver {
  readonly #boot: Boot;
  readonly #consoles: ConsoleWatch;
  /** Of running domains, by UUID. */
  readonly #transfers = new Map<string, Set<ExecSession>>();
  readonly #runParts: LxcRunParts;
  readonly #assets: LxcAssets;

  constructor(private readonly parts: LxcDriverParts) {
    this.#boot = new Boot(parts);
    this.#assets = new LxcAssets(parts);
    this.#consoles = new ConsoleWatch(parts);
    this.#runParts = { ...parts, consoles: this.#consoles, filters: new FilterCache() };
  }

  async start(subject: Subject, domain: Domain, xml: string, around: AroundStart): Promise<Run | undefined> {
    this.#lookAtLinks(subject, domain);
    const plan = planOf(domain, subject.record, this.parts.facts);
    const running = await this.#boot.start(subject, plan, xml, around);
    // Not on the way of who waits for the start; a daemon that is killed before leaves it to the next one.
    setImmediate(() => this.#detachFrom(subject));
    return running === undefined ? undefined : this.#runOf(subject, running);
  }

  async find<S extends Subject>(subjects: Iterable<S>): Promise<Found<S>[]> {
    const { tools, lent } = this.parts;
    const interrupted = new Set(await tools.settle());
    await this.#clearMounts();
    const byName = new Map([...subjects].map((subject) => [diskName(subject.record.name), subject]));
    const found: Found<S>[] = [];
    const alive = new Set<string>();
    for (const name of tools.started()) {
      const subject = byName.get(name);
      if (subject === undefined) continue; // shown by check as a stray
      const running = tools.running(name);
      const isUnwanted = this.#isKilled(subject);
      if (running === undefined) {
        found.push({ subject, run: undefined, isUnwanted });
        continue;
      }
      // A monitor whose daemon was killed may have its start's mounts still.
      this.#detachFrom(subject);
      const run = this.#runOf(subject, running);
      alive.add(subject.record.uuid);
      lent.hold(subject.record.uuid, run.initPid);
      if (interrupted.has(name)) await this.#finish(subject, run);
      found.push({ subject, run, isUnwanted });
    }
    await lent.giveBackAll(alive);
    return found;
  }

  async transfer(subject: Subject, domain: Domain, what: Transfer): Promise<ExecSession> {
    if (subject.running !== undefined) return await this.#transferIn(subject, lxcRun(subject.running), what);
    const plan = planOf(domain, subject.record, this.parts.facts);
    const { layout, namespaces } = this.parts;
    return await transferOff(subject, plan, what, { boot: this.#boot, mounts: layout.mounts, namespaces });
  }

  async #transferIn(subject: Subject, run: LxcRun, what: Transfer): Promise<ExecSession> {
    const session = await run.transfer(what);
    const { uuid } = subject.record;
    const all = this.#transfers.get(uuid) ?? new Set();
    this.#transfers.set(uuid, all.add(session));
    const over = (): void => {
      all.delete(session);
      if (all.size === 0) this.#transfers.delete(uuid);
    };
    session.exited.then(over, over);
    return session;
  }

  /** Killed with what is left of a run they would leave what they have half made. */
  async #endTransfers({ record }: Subject): Promise<void> {
    const all = [...(this.#transfers.get(record.uuid) ?? [])];
    if (all.length === 0) return;
    for (const session of all) session.kill();
    await Promise.race([Promise.allSettled(all.map(({ exited }) => exited)), sleep(LEAVE_MS)]);
  }

  async ending(subject: Subject): Promise<Ending> {
    const isWanted = this.#isKilled(subject);
    return { ...(await this.parts.tools.ending(diskName(subject.record.name))), isWanted };
  }

  async release(subject: Subject): Promise<void> {
    const { tools, ceiling, cgroups, layout } = this.parts;
    await this.#boot.clearLinks(subject);
    await this.#endTransfers(subject);
    await tools.clearGroups(diskName(subject.record.name));
    ceiling.leave(subject.record.name);
    shareProtection(cgroups, layout.cgroup);
  }

  async putAway({ record }: Subject): Promise<void> {
    await this.parts.tools.clear(diskName(record.name));
  }

  leave(subject: Subject): void {
    this.parts.placement.leave(subject);
  }

  async change(subject: Subject, change: LiveChange): Promise<void> {
    try {
      this.parts.linksChange(subject, change);
      await changeRun(subject, change, this.parts);
      this.parts.linksChanged(subject);
    } catch (cause) {
      const { record, running } = subject;
      if (running !== undefined && !isEnding(lxcRun(running).initPid)) throw cause;
      throw new EngineError(
        'wrong-state',
        `domain '${record.name}' ended while it was changed: change its stored configuration (--config), or start it first`,
        {},
        { cause },
      );
    }
  }

  async restore(subject: Subject, wanted: Domain, domain: Domain): Promise<void> {
    await restoreRun(subject, wanted, domain, this.parts);
  }

  named(subject: Subject, domain: Domain): Domain {
    return namedLinks(domain, subject.record);
  }

  info(subject: Subject, domain: Domain): Promise<RunInfo> {
    return infoOf(subject, domain, this.parts);
  }

  places(domain: Domain, count: number): readonly (readonly number[])[] | undefined {
    return this.parts.placement.preview(resourcesIn(domain, this.parts.facts), count);
  }

  assets(owners: Owners): HeldAsset[] {
    return this.#assets.all(owners);
  }

  strayIds(subjects: Iterable<Subject>): Promise<readonly HostIds[]> {
    return this.#assets.strayIds(subjects);
  }

  idle(): void {
    removeGroup(this.parts.cgroups, this.parts.layout.cgroup);
  }

  /** Looks at no console any more, and leaves nothing where nothing runs. */
  async close({ isUsed }: { readonly isUsed: boolean }): Promise<void> {
    this.#consoles.close();
    if (isUsed) return;
    this.parts.tools.forgetLocks();
    await this.#leaveGroups();
  }

  /** A monitor takes a moment to end after its container, in a group that liblxc makes for that. */
  async #leaveGroups(): Promise<void> {
    const { cgroups, layout, log } = this.parts;
    for (const deadline = performance.now() + LEAVE_MS; ; await sleep(5)) {
      removeGroup(cgroups, layout.cgroup);
      const left = cgroups.all(layout.cgroup).find((folder) => existsSync(folder));
      if (left === undefined) return;
      if (performance.now() < deadline) continue;
      log('warn', `the control group ${left} is still in use: processes of it are in ${left}/*/cgroup.procs`);
      return;
    }
  }

  #runOf(subject: Subject, running: Running): LxcRun {
    return new LxcRun(subject, running, this.#runParts);
  }

  /** What the stored document does not say of its links, their networks do: it stands in that of the run. */
  async #finish({ record }: Subject, run: LxcRun): Promise<void> {
    const subject = { record, running: run };
    await this.#boot.openLinks(subject, planOf(await this.parts.live(subject), record, this.parts.facts));
  }

  /** An older version may have let in what no link can be, or is of no use. */
  #lookAtLinks({ record: { name } }: Subject, { devices }: Domain): void {
    for (const { isFatal, message } of linkFaults(devices.interfaces ?? [], devices.hostdevs)) {
      if (isFatal) throw new EngineError('invalid', `domain '${name}' cannot start: ${message}`);
      this.parts.log('warn', `domain '${name}': ${message}`, { domain: name });
    }
  }

  #isKilled({ record }: Subject): boolean {
    return existsSync(join(this.parts.tools.folder(diskName(record.name)), INTENT));
  }

  /** Takes a start's mounts away from the monitor, which would keep them in use as long as its container lives. */
  #detachFrom({ record }: Subject): void {
    const { tools, layout, log } = this.parts;
    const name = diskName(record.name);
    const running = tools.running(name);
    try {
      if (running !== undefined)
        PrivateMounts.detachFrom(running.monitorPid, layout.mounts, [layout.consoles]);
    } catch (error) {
      if (tools.running(name) !== undefined)
        log('error', `the monitor of domain '${record.name}' keeps its start's mounts: ${String(error)}`);
    }
  }

  /** What daemons of older versions left, which had theirs on the host. */
  async #clearMounts(): Promise<void> {
    const { layout, log } = this.parts;
    for (const { target } of mountsBelow(layout.mounts)) {
      log('warn', `detaching ${target}, left by an interrupted start`);
      detachMount(target);
    }
    for (const name of foldersIn(layout.mounts)) {
      for (const folder of foldersIn(join(layout.mounts, name)))
        await removeIfEmpty(join(layout.mounts, name, folder));
      await removeIfEmpty(join(layout.mounts, name));
    }
  }
}
