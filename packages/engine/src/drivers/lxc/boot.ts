// The start of a container: everything it is given is opened, liblxc starts it, and it is looked at before anybody hears of it.
// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { formatLxcConfig, type Resources } from '@ctvirt/formats';
import { boundGroups } from '../../cgroups/container-groups.js';
import { beginMoves } from '../../cgroups/early-move.js';
import { type IoDisks, lacksDisks } from '../../cgroups/io-limits.js';
import type { CgroupLayout } from '../../cgroups/layout.js';
import { type Limit, lineOf } from '../../cgroups/limit.js';
import { limitsOf } from '../../cgroups/limits.js';
import { strayControllers } from '../../cgroups/membership.js';
import { type ProcessCeiling, withProcessDefault } from '../../cgroups/processes.js';
import { shareProtection } from '../../cgroups/protection.js';
import { EngineError } from '../../errors.js';
import { furnishCloudSeed } from '../../guest/cloud-seed.js';
import { furnishCredentials } from '../../guest/credentials.js';
import { type GuestRoot, writeGuestFiles } from '../../guest/files.js';
import { viewsAt } from '../../guest/lxcfs-server.js';
import { strangers } from '../../guest/own-mounts.js';
import type { Confinement } from '../../host/apparmor.js';
import { guestOomScore, ownOomScore } from '../../host/birth.js';
import type { Facts } from '../../host/facts.js';
import type { DetachedMount } from '../../host/mount-calls.js';
import { type MountEntry, mountsOf, mounts as mountsOfHost } from '../../host/mountinfo.js';
import { ownCeilings, within } from '../../host/own-limits.js';
import { PrivateMounts } from '../../host/private-mounts.js';
import { policyText } from '../../host/seccomp.js';
import { Undo } from '../../host/undo.js';
import type { UserNamespacePool } from '../../host/userns.js';
import { noDisk } from '../../lifecycle/block-io.js';
import { refuseTooLittle } from '../../lifecycle/floors.js';
import { linkPrefixOf } from '../../lifecycle/links.js';
import type { RunPlan } from '../../lifecycle/plan.js';
import { sharedIds } from '../../lifecycle/shared-ids.js';
import type { EngineLog } from '../../log.js';
import { leaveWithoutAddresses } from '../../network/bridge-port.js';
import type { LentLinks } from '../../network/lent-links.js';
import { plugLink, removeLeftLinks, switchHostEnd } from '../../network/live-links.js';
import { refuseLinks } from '../../network/refusals.js';
import { openRoutedLink, routeToLink } from '../../network/routed-link.js';
import { isShaped, shapeLink } from '../../network/shaping.js';
import type { Wall } from '../../network/wall.js';
import type { Placement } from '../../placement/placement.js';
import { type ConsoleLogs, lastLines } from '../../state/console-logs.js';
import type { IdRanges } from '../../state/id-ranges.js';
import { diskName, type Layout } from '../../state/layout.js';
import type { DomainStore } from '../../state/store.js';
import type { FilesystemSpec, OpenContext, Sources } from '../../storage/index.js';
import type { AroundStart, Subject } from '../driver.js';
import { configRows } from './config.js';
import { endedPath } from './ended-links.js';
import type { DiskLimits } from './facets/disk-limits.js';
import { givenLimits } from './given-limits.js';
import { type OpenedFiles, openFiles } from './opening.js';
import { hearNetwork } from './start-network.js';
import type { LxcTools, Running } from './tools.js';

/** Dependencies of `Boot`. */
export interface BootParts {
  readonly layout: Layout;
  readonly store: DomainStore;
  readonly tools: LxcTools;
  readonly cgroups: CgroupLayout;
  readonly namespaces: UserNamespacePool;
  readonly sources: Sources;
  readonly templatePath: (name: string) => string;
  readonly placement: Placement;
  readonly appArmor: Confinement;
  readonly ceiling: ProcessCeiling;
  readonly wall: Wall;
  readonly lent: LentLinks;
  readonly consoleLogs: Pick<ConsoleLogs, 'begin' | 'read'>;
  /** Whether groups have the file of a limit. */
  readonly has: (limit: Limit) => boolean;
  /** The disks below a domain's file systems, once those are open. */
  readonly disks: (subject: Subject, filesystems: readonly FilesystemSpec[]) => IoDisks;
  /** What shows a container its own limits. */
  readonly shown: () => Promise<DetachedMount | undefined>;
  readonly diskLimits: Pick<DiskLimits, 'atStart' | 'limitOwners'>;
  readonly ids: Pick<IdRanges, 'sharers'>;
  readonly facts: Pick<Facts, 'hasSeccomp'>;
  readonly log: EngineLog;
}

/** What liblxc is given besides the plan. */
interface Launch extends Pick<AroundStart, 'ready'> {
  readonly xml: string;
  readonly config: OpenedFiles &
    Pick<Parameters<typeof configRows>[0], 'plan' | 'views'> & { readonly limits: readonly Limit[] };
  readonly mounts: PrivateMounts;
}

/** Starts containers; a start that fails leaves nothing. */
export class Boot {
  constructor(private readonly parts: BootParts) {}

  /** Resolves when init runs; undefined if it has ended already. */
  async start(
    subject: Subject,
    plan: RunPlan,
    xml: string,
    around: AroundStart,
  ): Promise<Running | undefined> {
    const { cgroups, layout, placement, ceiling } = this.parts;
    beginMoves(cgroups);
    this.#refuse(subject, plan);
    const resources = this.#withinOwn(subject, plan.resources);
    await this.#clearLast(subject);
    using shown = await this.parts.shown();
    // Needed until init runs; then the container has its own copies. The host itself has none at any time.
    using mounts = PrivateMounts.open(layout.mounts);
    const views = shown === undefined ? [] : viewsAt(mounts.attach(shown, 'lxcfs'));
    await using undo = new Undo();
    let isFurnished = false;
    const files = await this.open(subject, plan, mounts, undo, (tree) => {
      this.#furnish(subject, plan, tree);
      isFurnished = true;
    });
    if (plan.credentials !== undefined && !isFurnished)
      this.#tell(subject, 'passwords and SSH keys are not set: its root is not to be written to');
    this.parts.diskLimits.limitOwners(subject, plan.filesystems, plan.map);
    using place = placement.change(subject, {}, plan.resources);
    const launch = async (limited: Resources): Promise<Running | undefined> => {
      const limits = this.#limits(subject, { ...plan, resources: limited });
      const config = { plan: { ...plan, resources }, ...files, views, limits };
      around.begun();
      return await this.#launch(subject, plan, { xml, ready: around.ready, config, mounts });
    };
    const running = await launch(place.to).catch((error: unknown) => {
      const unplaced = place.without(error);
      if (unplaced === undefined) throw error;
      return launch(unplaced);
    });
    ceiling.know(subject.record.name, plan.resources);
    shareProtection(cgroups, layout.cgroup);
    place.keep();
    return running;
  }

  /** What no start can make good. */
  #refuse({ record }: Subject, plan: RunPlan): void {
    const { cgroups, has, ids, log } = this.parts;
    refuseWithoutGroups(record.name, cgroups);
    refuseTooLittle(plan.resources);
    refuseWithoutWalls(record.name, limitsOf(plan.resources, cgroups, has).missing);
    const shared = sharedIds(plan.map, {
      isLeased: !plan.shifted,
      sharers: (kind, range) => ids.sharers(record.name, kind, range),
    });
    for (const { message } of shared)
      log('warn', `domain '${record.name}': ${message}`, { domain: record.name });
  }

  /** As far as the daemon's own limits go. */
  #withinOwn({ record: { name } }: Subject, asked: Resources): Resources {
    const { limits, lowered } = within(asked, ownCeilings());
    if (lowered.length > 0)
      this.parts.log(
        'warn',
        `domain '${name}': the daemon has no CAP_SYS_RESOURCE, so ${lowered.join(' and ')} stay at its own limits`,
        { domain: name, lowered },
      );
    return limits;
  }

  /** liblxc would give the container other groups than those its limits are set in. */
  async #clearLast({ record }: Subject): Promise<void> {
    const { cgroups, tools } = this.parts;
    const name = diskName(record.name);
    const isTaken = cgroups.all(tools.group(name)).some((group) => existsSync(group));
    const [left] = isTaken ? await tools.clearGroups(name) : [];
    if (left !== undefined)
      throw new EngineError(
        'busy',
        `processes of the last run of domain '${record.name}' still hang in the kernel: see ${left}/cgroup.procs`,
        { group: left },
      );
  }

  async #launch(
    subject: Subject,
    plan: RunPlan,
    { xml, ready, config, mounts }: Launch,
  ): Promise<Running | undefined> {
    const { cgroups, layout, tools, appArmor, wall } = this.parts;
    const { record } = subject;
    const name = diskName(record.name);
    const { seccomp } = plan.walls;
    const own = ownOomScore();
    const inside = guestOomScore(own);
    const networkPath = join(tools.folder(name), 'network');
    const rows = configRows({
      ...config,
      cgroupVersion: cgroups.version,
      cgroupParent: layout.cgroup,
      rlimits: givenLimits(config.plan.resources),
      oomScore: own === inside ? undefined : inside,
      appArmor,
      consoleLog: this.#consoleLog(subject),
      endedPath: () => endedPath(layout.endedLinks, record.uuid),
      networkPath,
      seccompPath: this.parts.facts.hasSeccomp ? join(tools.folder(name), 'seccomp') : undefined,
    });
    try {
      refuseLinks(plan.links, linkPrefixOf(record));
      await this.parts.lent.lend(record.uuid, plan.lent);
      await wall.guard(record.uuid, plan.links);
      tools.prepare(name, {
        'live.xml': xml,
        'lxc.conf': formatLxcConfig(rows),
        ...(seccomp === 'off' ? {} : { seccomp: policyText(seccomp) }),
      });
      const launch = {
        program: plan.program,
        sigpending: plan.resources.sigpending,
        mounts,
        said: () => lastLines(this.parts.consoleLogs.read(record.uuid, 'last')),
      };
      using _heard =
        plan.lent.length === 0
          ? undefined
          : hearNetwork(networkPath, (pid) => this.parts.lent.hold(record.uuid, pid));
      return await tools.start(name, launch, async () => {
        const run = tools.running(name);
        this.#checkMounts(subject, run);
        this.#checkGroups(subject, run, config.limits);
        boundGroups(cgroups, tools.group(name));
        if (run !== undefined) this.parts.lent.hold(record.uuid, run.initPid);
        await this.openLinks(subject, plan);
        await ready;
      });
    } catch (error) {
      await this.clearLinks(subject);
      await tools.clearGroups(name);
      await tools.clear(name);
      throw error;
    }
  }

  /** It runs whether or not the disk has room for what it says. */
  #consoleLog({ record: { name, uuid } }: Subject): string | undefined {
    try {
      return this.parts.consoleLogs.begin(uuid);
    } catch (error) {
      this.parts.log('warn', `domain '${name}': what it writes to its console is not kept: ${String(error)}`);
      return undefined;
    }
  }

  /** What the links need on the host besides what liblxc gives them. */
  async openLinks(subject: Subject, { links }: RunPlan): Promise<void> {
    for (const link of links) {
      leaveWithoutAddresses(link);
      await openRoutedLink(link);
      if (link.tags !== undefined) await plugLink(link);
      if (!link.up) await switchHostEnd(link);
      // Only now: what came in before the host answers on it would be answered a second later, when the container asks again for its way.
      else await routeToLink(link);
      if (!isShaped(link)) continue;
      await shapeLink(link).catch((error: unknown) => {
        if (!(error instanceof EngineError) || error.code !== 'unsupported') throw error;
        this.parts.log(
          'warn',
          `domain '${subject.record.name}': ${link.name} is not limited: ${error.message}`,
        );
      });
    }
  }

  async clearLinks({ record }: Subject): Promise<void> {
    await removeLeftLinks(linkPrefixOf(record));
    await this.parts.lent.giveBack(record.uuid);
    await this.parts.wall.release(record.uuid);
  }

  /** The limits this host can set, now that the disks are known; the others are told in the log. */
  #limits(subject: Subject, { resources, filesystems }: RunPlan): Limit[] {
    const disks = this.parts.disks(subject, filesystems);
    const { set, missing } = limitsOf(
      withProcessDefault(resources),
      this.parts.cgroups,
      this.parts.has,
      disks,
    );
    const files = missing.map((limit) => `${limit.file}=${lineOf(limit)}`);
    if (files.length > 0)
      this.parts.log('warn', `domain '${subject.record.name}': this kernel cannot set ${files.join(', ')}`, {
        domain: subject.record.name,
        files,
      });
    if (lacksDisks(resources, disks))
      this.parts.log('warn', `domain '${subject.record.name}': its block I/O is not limited: ${noDisk}`, {
        domain: subject.record.name,
      });
    return set;
  }

  /** Opens the files of a domain that is off, in mounts that nobody else sees; `furnish` has the root before its ids are mapped. */
  async open(
    subject: Subject,
    plan: RunPlan,
    mounts: PrivateMounts,
    undo: Undo,
    furnish: (root: GuestRoot) => void = () => undefined,
  ): Promise<OpenedFiles> {
    const { store, namespaces, sources, templatePath, diskLimits } = this.parts;
    const { name } = subject.record;
    const context: OpenContext = {
      keep: store.rootFolder(name),
      layerOf: store.layersOf(name),
      limitOf: await diskLimits.atStart(subject, plan.graceSeconds),
      mounts,
      map: plan.map,
      shifted: plan.shifted,
      namespaces,
      sources,
      templatePath,
      furnish: ({ target, readOnly }, tree) => {
        if (target === '/' && !readOnly) furnish(tree);
      },
      tell: (remarks) => {
        for (const remark of remarks) this.#tell(subject, remark);
      },
    };
    return await openFiles(plan, context, undo);
  }

  /** What is written into a root before its init runs. */
  #furnish(subject: Subject, plan: RunPlan, tree: GuestRoot): void {
    const tell = (remark: string): void => this.#tell(subject, remark);
    writeGuestFiles(tree, plan.guestFiles, tell);
    if (plan.credentials !== undefined) furnishCredentials(tree, plan.credentials, tell);
    const isAddressed = plan.links.every(({ addresses }) => addresses.length > 0);
    furnishCloudSeed(tree, { instance: subject.record.uuid, hostname: plan.hostname, isAddressed }, tell);
  }

  #tell({ record: { name } }: Subject, remark: string): void {
    this.parts.log('warn', `domain '${name}': ${remark}`, { domain: name });
  }

  /** Whatever went on while liblxc mounted: a container that sees more of the host than it was given does not run. */
  #checkMounts(subject: Subject, running: Running | undefined): void {
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
        `domain '${subject.record.name}' was ended: it had mounts of the host that its start did not give it: ${what}`,
        { mounts: found },
      );
    }
  }

  /** liblxc starts a container without groups where it sees none, which no limit would reach. */
  #checkGroups(subject: Subject, running: Running | undefined, limits: readonly Limit[]): void {
    if (running === undefined) return;
    const { cgroups } = this.parts;
    // That of v1 which stops processes ends them, too.
    const needed = ['freezer' as const, ...limits.map(({ controller }) => controller)];
    const stray = strayControllers(
      cgroups,
      running.initPid,
      this.parts.tools.group(diskName(subject.record.name)),
      needed,
    );
    if (stray.length === 0) return;
    throw new EngineError(
      'unsupported',
      `domain '${subject.record.name}' was ended: it was not in its control group for ${stray.join(', ')}, so no limits held it: ` +
        'see that control groups are mounted at /sys/fs/cgroup, where the daemon sees them',
      { controllers: stray },
    );
  }
}

/** Neither limits nor `destroy` would reach a container without groups. */
function refuseWithoutGroups(name: string, { version, controllers }: CgroupLayout): void {
  if (version === 2 || controllers.has('freezer')) return;
  throw new EngineError(
    'unsupported',
    `domain '${name}' needs control groups, and this daemon sees none at /sys/fs/cgroup: mount them there, and restart the daemon`,
  );
}

/** A container whose limits the kernel cannot keep could take the whole host: better it does not start. */
function refuseWithoutWalls(name: string, missing: readonly Limit[]): void {
  const walls = missing.filter(({ hard }) => hard).map((limit) => `${limit.file}=${lineOf(limit)}`);
  if (walls.length === 0) return;
  throw new EngineError(
    'unsupported',
    `domain '${name}' is limited by ${walls.join(', ')}, which this kernel's cgroups cannot set: ` +
      'enable the controller (see /proc/cgroups), or take the limit out of the document',
    { files: walls },
  );
}

/** By the names that file systems, memory, second views and devices are attached under. */
const handedOver = /\/(root|ram|bind|device)-[^/]*$/;
