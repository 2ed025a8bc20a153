// Composition root of the engine: builds the parts, and answers its frontends by them; no logic of its own.
// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { GuaranteePolicy, LifecycleEvent } from '@ctvirt/api';
import { explainResources, resourcesOf } from '@ctvirt/formats';
import { Accounting } from './accounting/accounting.js';
import { Adopter } from './adoption/adopt.js';
import { Assets } from './assets.js';
import { attach, type Container } from './attach/attach.js';
import { FilterCache } from './attach/filters.js';
import { refuseWithoutRoom } from './attach/room.js';
import { beginMoves } from './cgroups/early-move.js';
import { detectCgroups } from './cgroups/layout.js';
import { ProcessCeiling, processDefaults } from './cgroups/processes.js';
import type { DomainRef, Engine } from './contract.js';
import { countersOf, heldBy } from './counters.js';
import { Documents } from './documents.js';
import { changeLive, takeBack } from './domains/change.js';
import { Lifecycle, runOf } from './domains/lifecycle.js';
import type { Run, Subject } from './drivers/driver.js';
import { LxcDriver } from './drivers/lxc/driver.js';
import { lxcRun } from './drivers/lxc/run.js';
import { LxcTools } from './drivers/lxc/tools.js';
import { EngineError } from './errors.js';
import { DomainEvents } from './events.js';
import { explain, explained } from './explained.js';
import { claimOf } from './guarantees/claim.js';
import { Guarantees } from './guarantees/guarantees.js';
import { Survival } from './guarantees/survival.js';
import { openConsole } from './guest/console.js';
import { Lxcfs } from './guest/lxcfs.js';
import { coveredIn, uncover } from './guest/uncover.js';
import { linkAddresses, printable } from './host/addresses.js';
import { Confinement } from './host/apparmor.js';
import { Gauges } from './host/gauges.js';
import { hostPidOf } from './host/inner-pid.js';
import { putOnFilter } from './host/own-filter.js';
import { openFilesLimit } from './host/own-limits.js';
import { bootId } from './host/processes.js';
import type { ProjectRange } from './host/projects.js';
import { compileOwnFilter, hasSeccomp } from './host/seccomp.js';
import { pageSize } from './host/syscalls.js';
import { UserNamespacePool } from './host/userns.js';
import { BlockIo } from './lifecycle/block-io.js';
import { Definer, type Edit } from './lifecycle/definer.js';
import { addressesOf, filesystemsOf, linksOf, Reader, writableSources } from './lifecycle/document.js';
import { ownerEdit, parameterEdit, rowsOf, withDefaultRow } from './lifecycle/parameters.js';
import type { LinkPlan } from './lifecycle/plan.js';
import { readStored } from './lifecycle/stored-document.js';
import type { EngineLog } from './log.js';
import { Wall } from './network/wall.js';
import { Placement } from './placement/placement.js';
import { Profiles } from './profiles.js';
import { Quotas } from './quota/quotas.js';
import { IdRanges, privateWindow, systemWindow } from './state/id-ranges.js';
import { diskName, type Layout } from './state/layout.js';
import { KeyedQueue } from './state/queue.js';
import { type Entry, Registry, summaryOf } from './state/registry.js';
import { DomainStore, prepareFolders } from './state/store.js';
import { statsOf } from './stats.js';
import { type KeptContext, Sources } from './storage/index.js';
import { TemplateCatalog } from './template-catalog.js';
import { wantedWalls } from './walls/wanted.js';

export interface EngineOptions {
  /** What becomes of a promise that the host cannot keep; `warn` if absent. */
  readonly guarantees?: GuaranteePolicy;
  /** Memory that is promised to nobody, for the host itself; 256 MiB if absent. */
  readonly reserveBytes?: number;
  /** Projects of the host's quotas for disk limits; without them a limit is an image. */
  readonly projectIds?: ProjectRange | undefined;
  /** Whether the first engine since the host's boot starts the domains that are marked so; it does if absent. */
  readonly autostart?: boolean;
}

const DEFAULT_RESERVE_BYTES = 256 * 2 ** 20;

/** Counters of the kernel's that stay open: some fifteen of each domain that runs, and 5 KB of the kernel's memory for each. */
const MOST_GAUGES = 8192;

/** Opens the state under `layout`, finds out what runs, and clears what an earlier daemon left half-made. */
export async function openEngine(
  layout: Layout,
  log: EngineLog,
  options: EngineOptions = {},
): Promise<Engine> {
  const { lib } = layout;
  const engine = await build(layout, log, options).catch((error: unknown) => {
    throw explain(error, lib);
  });
  return explained(engine, lib);
}

async function build(layout: Layout, log: EngineLog, options: EngineOptions): Promise<Engine> {
  await prepareFolders(layout);
  const store = new DomainStore(layout);
  for (const path of await store.recover()) log('warn', `removed ${path}, left by an interrupted operation`);
  const registry = new Registry();
  const ids = new IdRanges(layout.root === undefined ? systemWindow : privateWindow, layout.root);
  const { records, leases, damaged } = store.load();
  for (const error of damaged) log('error', error.message);
  for (const record of records) {
    registry.add(record, 'shutoff', record.lastReason);
    if (record.ids !== null) ids.claim(record.ids.start);
  }
  for (const lease of leases) if (lease.ids !== null) ids.claim(lease.ids.start);

  const cgroups = detectCgroups();
  const tools = new LxcTools(layout, cgroups);
  const appArmor = new Confinement(`lxc-${layout.cgroup}`, layout.appArmor);
  await appArmor.load((message) => log('warn', message));
  if (hasSeccomp) putOnFilter(compileOwnFilter());
  else log('warn', 'this kernel filters no system calls: containers run without that wall');
  const namespaces = new UserNamespacePool();
  const queue = new KeyedQueue();
  const profiles = new Profiles(layout.profiles);
  await profiles.prepare();
  const templates = new TemplateCatalog(layout.templates, registry, store, (message) => log('warn', message));
  for (const name of await templates.recover()) log('warn', `removed ${name}, left by an interrupted import`);
  const templatePath = (name: string): string => templates.path(name);
  const facts = { pageSize, hostCpus: availableParallelism() };
  const events = new DomainEvents(facts);
  const emit = (event: LifecycleEvent['event'], detail: string, entry: Entry): void =>
    events.lifecycle(event, detail, entry);
  const reader = new Reader(facts, async (name) => (await profiles.get(name)).text);
  const documents = new Documents(
    store,
    ({ record }) => join(tools.folder(diskName(record.name)), 'live.xml'),
    (message) => log('warn', message),
  );
  const guarantees = new Guarantees({
    policy: options.guarantees ?? 'warn',
    reserveBytes: options.reserveBytes ?? DEFAULT_RESERVE_BYTES,
    cgroupVersion: cgroups.version,
    facts,
    running: () => [...registry.entries()].filter(({ running }) => running !== undefined),
    document: (entry) => documents.live(entry),
    known: (entry) => documents.known(entry),
    warn: (message, domain) => log('warn', message, { domain }),
  });
  const { admission } = guarantees;
  const sources = new Sources({
    own: [layout.etc, layout.lib, layout.run],
    writable: () => registry.writable(),
  });
  const definer = new Definer({
    store,
    registry,
    ids,
    namespaces,
    sources,
    queue,
    reader,
    admission,
    ownersRemark: (entry, specs) => quotas.ownersRemark(entry, specs),
    templatePath,
    projectIds: options.projectIds,
    emit,
    log,
  });
  const adopter = new Adopter({ definer, sources, facts });
  const blockIo = new BlockIo({ cgroups, parent: layout.cgroup });
  const kept = ({ record }: Subject): KeptContext => ({ keep: store.rootFolder(record.name), templatePath });
  const lxcfs = new Lxcfs({
    folder: layout.lxcfs,
    mounts: layout.mounts,
    log,
    uncover: async (devices) => {
      let had = 0;
      for (const entry of registry.entries()) {
        const { record, running, state } = entry;
        // Of a paused one no program would run before it is resumed.
        if (running === undefined || state === 'paused') continue;
        const { initPid } = lxcRun(running);
        if (coveredIn(initPid, devices).length === 0) continue;
        had++;
        const enter = async (argv: readonly string[]) =>
          await attach(await containerOf(entry, running), { argv, env: execEnvironment });
        const left = await uncover(initPid, devices, enter);
        if (left.length > 0)
          log('warn', `domain '${record.name}' cannot read ${left.join(', ')} until it is started again`, {
            domain: record.name,
          });
      }
      return had;
    },
  });
  const quotas = new Quotas({
    queue,
    entries: () => registry.entries(),
    document: (entry) => documents.live(entry),
    kept,
    mounts: layout.mounts,
    log,
  });
  const placement = new Placement({
    cgroups,
    parent: layout.cgroup,
    group: (entry) => driver.group(entry),
    log,
  });
  const wall = new Wall({ name: layout.cgroup, log });
  const ceiling = new ProcessCeiling(cgroups, layout.cgroup);
  const stored = async ({ record }: Subject) => {
    const xml = await store.readXml(record.name);
    return { xml, domain: readStored(xml, record.name) };
  };
  const driver: LxcDriver = new LxcDriver({
    layout,
    store,
    tools,
    cgroups,
    namespaces,
    sources,
    templatePath,
    placement,
    appArmor,
    ceiling,
    wall,
    facts,
    has: (limit) => blockIo.has(limit),
    disks: (subject, filesystems) => blockIo.ioDisks(filesystems, kept(subject)),
    diskLimits: quotas,
    shown: () => lxcfs.shown(),
    stored: async (subject) => (await stored(subject)).domain,
    log,
  });
  const changing = { registry, driver, documents, definer, reader, facts, admission };
  const lifecycle = new Lifecycle({
    driver,
    store,
    registry,
    queue,
    admission,
    stored,
    claim: (domain) => claimOf(domain, facts),
    emit,
    log,
    takeBack: (entry) => takeBack(entry, changing),
    forget: (entry) => definer.forget(entry, { erase: entry.record.eraseAtEnd }),
  });
  const group = (entry: Subject): string => driver.group(entry);
  const filters = new FilterCache();
  const containerOf = async (entry: Entry, run: Run): Promise<Container> => {
    const { initPid, initTicks } = lxcRun(run);
    const name = diskName(entry.record.name);
    // One that an earlier daemon started may have none.
    const policy = tools.hasFilter(name) ? wantedWalls(await documents.live(entry)).seccomp : 'off';
    return {
      initPid,
      initTicks,
      groups: cgroups.all(group(entry)),
      keeperGroups: cgroups.all(driver.monitorGroup(entry)),
      ...tools.given(name),
      hasAppArmor: appArmor.state !== 'off',
      ...(policy !== 'off' && { filter: filters.get(policy) }),
    };
  };
  await knowWritable();
  await lifecycle.recover();
  const guarded = new Map<string, readonly LinkPlan[]>();
  for (const entry of registry.entries()) {
    if (entry.running === undefined) continue;
    try {
      const domain = await documents.live(entry);
      if (entry.running === undefined) continue;
      placement.know(entry, resourcesOf(domain, facts));
      ceiling.know(entry.record.name, resourcesOf(domain, facts));
      registry.hold(entry, addressesOf(domain));
      guarded.set(entry.record.uuid, linksOf(domain, entry.record));
    } catch (error) {
      log(
        'warn',
        `domain '${entry.record.name}': its addresses are not kept from others, nor its links to them: ${String(error)}`,
      );
    }
  }
  await wall.open(guarded, registry.addresses());
  registry.tellAddresses((uuid, addresses) => wall.reserve(uuid, addresses));
  placement.even();
  lxcfs.open();
  namespaces.refill();
  const assets = new Assets({
    layout,
    registry,
    store,
    cgroups,
    tools,
    lxcfs,
    appArmor,
    ids,
    queue,
    isChangingTemplates: () => templates.isWorking(),
  });
  await assets.claimIds();

  const gauges = new Gauges(Math.min(MOST_GAUGES, openFilesLimit() / 2));
  const accounting = new Accounting({
    cgroups,
    gauges,
    facts,
    group,
    folder: ({ record }) => tools.folder(diskName(record.name)),
    entries: () => registry.entries(),
    document: (entry) => documents.live(entry),
    sampled: (running, readings) => guarantees.sample(running, readings),
    emit: (entry, beancounter) => events.refused(entry, beancounter),
    log,
  });
  accounting.open();
  const survival = new Survival({
    cgroups,
    log,
    running: async () =>
      (await guarantees.claims()).flatMap(({ entry, claim }) =>
        entry.running === undefined ? [] : [{ running: lxcRun(entry.running), group: group(entry), claim }],
      ),
  });
  survival.open();
  quotas.open();
  events.listen(({ event }, entry) => {
    if (event === 'started') quotas.lookLater(entry);
    if (event !== 'stopped') return;
    for (const folder of cgroups.all(group(entry))) gauges.forget(folder);
    accounting.ended(entry);
  });

  const find = (ref: DomainRef): Entry => {
    const entry = registry.find(ref);
    if (entry.pending) throw new EngineError('busy', `domain '${entry.record.name}' is just being defined`);
    return entry;
  };
  /** Runs one operation of a domain when the earlier ones have ended; it may be gone by then. */
  const serially = async <T>(ref: DomainRef, operation: (entry: Entry) => Promise<T>): Promise<T> => {
    const { name, uuid } = find(ref).record;
    return await queue.run(name, async () => await operation(find(uuid)));
  };
  const summarily = (operation: (entry: Entry) => Promise<void>) => async (ref: DomainRef) =>
    await serially(ref, async (entry) => {
      await operation(entry);
      return summaryOf(entry);
    });

  const amend = async (
    entry: Entry,
    { live, stored: isStored }: { readonly live: boolean; readonly stored: boolean },
    edit: Edit,
  ): Promise<void> => {
    const { before, after } = live
      ? await changeLive(entry, { edit, isStored }, changing)
      : await definer.amend(entry, edit);
    if (live) quotas.lookLater(entry);
    events.changed(entry, live, before, after);
  };

  /** Asked for neither, the running one if it runs. */
  const targetsOf = (
    { running: run, record }: Entry,
    { live, stored }: { live: boolean; stored: boolean },
  ) => {
    if (live && run === undefined)
      throw new EngineError(
        'wrong-state',
        `domain '${record.name}' is not running: change its stored configuration alone (--config), or start it first`,
      );
    return live || stored ? { live, stored } : { live: run !== undefined, stored: run === undefined };
  };

  const engine: Engine = {
    list: () => [...registry.entries()].filter(({ pending }) => !pending).map(summaryOf),
    summary: (ref) => summaryOf(find(ref)),
    find: (key) => {
      const entry = registry.byKey(key);
      return entry === undefined || entry.pending ? undefined : summaryOf(entry);
    },
    info: async (ref) =>
      await statsOf(find(ref), {
        cgroups,
        group,
        store,
        facts,
        appArmor,
        leased: (start, count) => ids.overlaps(start, count),
        document: (entry) => documents.live(entry),
      }),
    xml: async (ref, options) => {
      const entry = find(ref);
      if (options?.inactive === true || entry.running === undefined)
        return await store.readXml(entry.record.name);
      const links = linksOf(await documents.live(entry), entry.record);
      return await documents.liveXml(
        entry,
        links.map(({ hostName }) => hostName),
      );
    },
    document: async (ref, options) => {
      const entry = find(ref);
      return await (options?.inactive === true ? documents.stored(entry) : documents.live(entry));
    },
    amend: async (ref, targets, edit) => await serially(ref, (entry) => amend(entry, targets, edit)),
    parameters: async (ref, options) => {
      const domain = await engine.document(ref, options);
      const disks = () => blockIo.disks(filesystemsOf(domain), kept(find(ref)));
      const said = explainResources(domain, facts).map((row) => blockIo.explain(row, disks));
      return withDefaultRow(said, processDefaults());
    },
    setParameters: async (ref, values, asked) =>
      await serially(ref, async (entry) => {
        const targets = targetsOf(entry, asked);
        await amend(entry, targets, parameterEdit(values, facts));
        return rowsOf(values, await engine.parameters(ref, { inactive: !targets.live }));
      }),
    deliveries: async (options) => await guarantees.deliveries(options?.minutes ?? 5),
    setOwnerQuota: async (ref, values, asked) =>
      await serially(ref, async (entry) => {
        const targets = targetsOf(entry, asked);
        const edit = ownerEdit(values);
        // Said in a document it is recorded; asked for, it is to be had or refused.
        const before = await (targets.live ? documents.live(entry) : documents.stored(entry));
        if ([values.space, values.inodes].some((value) => (value ?? 'unlimited') !== 'unlimited'))
          quotas.checkOwners(entry, filesystemsOf(edit(before)));
        await amend(entry, targets, edit);
        return await quotas.report(entry);
      }),
    guarantees: async (options) =>
      await guarantees.report(
        (entry) => heldBy(cgroups, group(entry)),
        options?.profile === undefined ? undefined : await reader.ofProfile(options.profile),
      ),
    quota: async (ref) => await serially(ref, (entry) => quotas.report(entry)),
    beancounters: async (ref) => await accounting.report(find(ref)),
    allBeancounters: async () => await accounting.reports(),
    counters: (ref) => {
      const entry = find(ref);
      const { initPid } = lxcRun(runOf(entry));
      const links = async () => linksOf(await documents.live(entry), entry.record);
      return countersOf({ cgroups, gauges, group: group(entry), initPid, links });
    },
    addresses: async (ref) => {
      const links = await linkAddresses(lxcRun(runOf(find(ref))).initPid);
      return links.map((link) => ({ ...link, name: printable(link.name) }));
    },
    signal: (ref, pid, signal) => {
      const entry = find(ref);
      const hostPid = hostPidOf(lxcRun(runOf(entry)).initPid, pid);
      if (hostPid === undefined)
        throw new EngineError('not-found', `domain '${entry.record.name}' has no process ${pid}`);
      try {
        process.kill(hostPid, signal);
      } catch (cause) {
        throw new EngineError('not-found', `process ${pid} has ended`, { pid }, { cause });
      }
    },

    define: async (xml, options) => {
      const { entry, findings } = await definer.define(xml, { strict: options?.strict, persistent: true });
      return { domain: summaryOf(entry), findings };
    },
    adopt: (request) => adopter.adopt(request),
    create: async (xml, options) => {
      const { entry, findings } = await definer.define(xml, { strict: options?.strict, persistent: false });
      // In one turn of its queue: nobody else may start or define it between a failure and its end.
      await serially(entry.record.uuid, async (found) => {
        try {
          await lifecycle.start(found);
        } catch (error) {
          if (found.state === 'shutoff' && !found.record.persistent)
            await definer.forget(found, { erase: found.record.eraseAtEnd });
          throw error;
        }
      });
      return { domain: summaryOf(entry), findings };
    },
    start: summarily((entry) => lifecycle.start(entry)),
    shutdown: (ref, options) => asked(ref, 'poweroff', options?.waitMs),
    reboot: (ref, options) => asked(ref, 'reboot', options?.waitMs),
    destroy: summarily((entry) => lifecycle.destroy(entry)),
    suspend: summarily((entry) => lifecycle.suspend(entry)),
    resume: summarily((entry) => lifecycle.resume(entry)),
    undefine: async (ref, options) => {
      const storage = options?.storage === true;
      const isKept = storage && registry.byName(ref) === undefined;
      if (isKept && (await queue.run(ref, () => definer.eraseKept(ref)))) return;
      await serially(ref, (entry) => definer.undefine(entry, { storage }));
    },
    setAutostart: async (ref, autostart) =>
      await serially(ref, async (entry) => {
        if (!entry.record.persistent)
          throw new EngineError(
            'wrong-state',
            `domain '${entry.record.name}' is transient and cannot be started by itself`,
          );
        const record = { ...entry.record, autostart };
        await store.writeRecord(record);
        registry.replace(entry, record);
        return summaryOf(entry);
      }),

    exec: async (ref, options) => {
      const entry = running(ref);
      refuseWithoutRoom(entry, cgroups.path('pids', group(entry)));
      const { argv, tty, columns = 80, rows = 24 } = options;
      beginMoves(cgroups);
      return await attach(await containerOf(entry, runOf(entry)), {
        argv,
        env: { ...execEnvironment, ...options.env },
        ...(tty === true && { terminal: { columns, rows } }),
      });
    },
    console: async (ref, { columns = 80, rows = 24 } = {}) => {
      const entry = running(ref);
      const argv = tools.consoleArgv(diskName(entry.record.name));
      const { terminal, hangUp } = await openConsole(argv, { columns, rows });
      terminal.stream.once('close', driver.watchConsole(entry, hangUp));
      return terminal;
    },

    templates,
    profiles,
    check: () => assets.check(),
    clean: () => assets.clean(),
    onEvent: (listener) => events.listen((event) => listener(event)),
    host: async () => ({
      driver: 'liblxc',
      driverVersion: await tools.version(),
      cgroups: cgroups.version === 2 ? 'v2' : 'v1',
      cpus: facts.hostCpus,
      state: layout.lib,
      domains: registry.size,
    }),
    links: () => linkAddresses(),
    close: async () => {
      await queue.idle();
      lifecycle.close();
      const isUsed = [...registry.entries()].some(({ running: run }) => run !== undefined);
      driver.close({ isUsed });
      await lxcfs.close({ isUsed });
      await wall.close();
      if (!isUsed) appArmor.unload();
      namespaces.close();
      gauges.close();
      accounting.close();
      survival.close();
      quotas.close();
    },
  };

  function running(ref: DomainRef): Entry {
    const entry = find(ref);
    runOf(entry);
    if (entry.state === 'paused')
      throw new EngineError('wrong-state', `domain '${entry.record.name}' is paused: resume it first`);
    return entry;
  }

  /** Asks init, then waits outside the domain's queue: its end needs a turn there. */
  async function asked(ref: DomainRef, what: 'poweroff' | 'reboot', waitMs: number | undefined) {
    const { name, uuid } = find(ref).record;
    const wait = what === 'poweroff' ? (['stopped'] as const) : (['started'] as const);
    const happened = waitMs === undefined ? undefined : events.next(name, wait[0], waitMs);
    try {
      await serially(uuid, async (entry) => lifecycle.ask(entry, what));
    } catch (error) {
      happened?.cancel();
      throw error;
    }
    const domain = await happened?.promise;
    return domain ?? summaryOf(find(uuid));
  }

  /** Of records of older versions, which do not say which folders of the host a domain writes to. */
  async function knowWritable(): Promise<void> {
    for (const entry of registry.entries()) {
      const { record } = entry;
      if (record.writable !== undefined) continue;
      try {
        const domain = readStored(await store.readXml(record.name), record.name);
        entry.record = { ...record, writable: writableSources(filesystemsOf(domain)) };
      } catch (error) {
        log('warn', `domain '${record.name}': which folders it writes to cannot be told: ${String(error)}`);
      }
    }
  }

  if (options.autostart !== false)
    autostart().catch((error: unknown) => log('error', `no domain was started by itself: ${String(error)}`));
  return engine;

  /** Once in each boot of the host, as libvirt does it: a domain shut down since then stays off when the daemon restarts. */
  async function autostart(): Promise<void> {
    const marker = join(layout.run, 'autostarted');
    const boot = bootId();
    if (existsSync(marker) && (await readFile(marker, 'utf8')) === boot) return;
    await writeFile(marker, boot);
    const waiting = [...registry.entries()].filter(
      ({ record, state }) => record.autostart && state === 'shutoff',
    );
    const worker = async (): Promise<void> => {
      for (let entry = waiting.shift(); entry !== undefined; entry = waiting.shift()) {
        const { name, uuid } = entry.record;
        await engine
          .start(uuid)
          .catch((error: unknown) => log('error', `domain '${name}' could not be started: ${String(error)}`));
      }
    };
    await Promise.all(Array.from({ length: 2 * facts.hostCpus }, worker));
  }
}

const execEnvironment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  TERM: 'xterm',
  HOME: '/root',
} as const;
