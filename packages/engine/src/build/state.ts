// What lies on disk and what is known of it: domains with their documents, ids that are taken, templates, profiles.
// SPDX-License-Identifier: Apache-2.0

import type { Domain } from '@ctvirt/xml';
import { KnownFilesStore } from '../backup/known-files.js';
import { holderOf, Repositories } from '../backup/repositories.js';
import type { RepositorySpec } from '../backup/tool.js';
import { Turns } from '../domains/turns.js';
import type { Subject } from '../drivers/driver.js';
import { Keeper } from '../history/keeper.js';
import { Hooks } from '../hooks/hooks.js';
import { hostName } from '../host/facts.js';
import { readIfThere } from '../host/files.js';
import { JobHistory } from '../jobs/history.js';
import { Lives } from '../life/lives.js';
import { Reader } from '../lifecycle/document.js';
import { readStored } from '../lifecycle/stored-document.js';
import type { EngineLog } from '../log.js';
import { Pools } from '../pools.js';
import { Profiles } from '../profiles.js';
import { Documents } from '../registry/documents.js';
import { DomainEvents } from '../registry/events.js';
import { Registry } from '../registry/registry.js';
import type { BackupSchedule } from '../schedule/backups.js';
import { BackupTimes } from '../state/backup-times.js';
import { ConsoleLogs } from '../state/console-logs.js';
import { FrozenMarks } from '../state/frozen-marks.js';
import { Graves } from '../state/graves.js';
import { IdRanges, privateWindow, systemWindow } from '../state/id-ranges.js';
import type { Layout } from '../state/layout.js';
import { KeyedQueue } from '../state/queue.js';
import { ScheduleTimes } from '../state/schedule-times.js';
import { bringForward } from '../state/schema.js';
import { SnapshotStore } from '../state/snapshot-store.js';
import { DomainStore } from '../state/store.js';
import { foundAt, type KeptContext, keyOf, Sources } from '../storage/index.js';
import { RootMounts } from '../storage/root-mounts.js';
import { TemplateCatalog } from '../template-catalog.js';
import { TemplateUsers } from '../template-users.js';
import { Traffic } from '../traffic/traffic.js';
import type { HostParts } from './host.js';

/** Objects that stand for what is stored. */
export interface StateParts {
  readonly store: DomainStore;
  /** Files that are gone and not erased yet. */
  readonly graves: Graves;
  readonly snapshots: SnapshotStore;
  readonly registry: Registry;
  readonly ids: IdRanges;
  /** One operation of each domain at a time. */
  readonly queue: KeyedQueue;
  readonly turns: Turns;
  readonly events: DomainEvents;
  readonly traffic: Traffic;
  readonly keeper: Keeper;
  readonly lives: Lives;
  readonly consoleLogs: ConsoleLogs;
  readonly hooks: Hooks;
  readonly rootMounts: RootMounts;
  readonly repositories: Repositories;
  readonly knownFiles: KnownFilesStore;
  readonly backupTimes: BackupTimes;
  readonly scheduleTimes: ScheduleTimes;
  readonly jobHistory: JobHistory;
  readonly frozenMarks: FrozenMarks;
  readonly backupSchedule: BackupSchedule | undefined;
  readonly profiles: Profiles;
  readonly templates: TemplateCatalog;
  readonly templatePath: (name: string) => string;
  readonly sources: Sources;
  readonly pools: Pools;
  readonly reader: Reader;
  readonly documents: Documents;
  /** What a domain was started with, or of one that is off what it would be. */
  readonly live: (subject: Subject) => Promise<Domain>;
  /** The stored document, as text and read. */
  readonly stored: (subject: Subject) => Promise<{ readonly xml: string; readonly domain: Domain }>;
  /** Where a domain's file systems lie. */
  readonly kept: (subject: Subject) => KeptContext;
}

/** Settings of what lies outside of the state. */
export interface StateOptions {
  /** Where backups go; nowhere if absent. */
  readonly backupRepositories?: readonly RepositorySpec[];
  /** When domains are backed up whose document does not say; never if absent. */
  readonly backupSchedule?: BackupSchedule | undefined;
}

/** Reads the state, and removes what an earlier daemon left half-made. */
export async function openState(
  host: Pick<HostParts, 'layout' | 'log' | 'facts' | 'livePath'>,
  options: StateOptions = {},
): Promise<StateParts> {
  const { layout, log, facts, livePath } = host;
  const known = await openDomains(layout, log);
  const { store, registry } = known;
  const profiles = new Profiles(layout.profiles, facts);
  await profiles.prepare();
  const queue = new KeyedQueue();
  const reader = new Reader(facts, async (name) => (await profiles.get(name)).text);
  const documents = new Documents(store, livePath, (message) => log('warn', message));
  const users = new TemplateUsers({ registry, store, queue, reader, documents, log });
  const templates = new TemplateCatalog(layout.templates, users, (message) => log('warn', message));
  for (const name of await templates.recover()) log('warn', `removed ${name}, left by an interrupted import`);
  const sources = new Sources({
    own: [layout.etc, layout.lib, layout.run],
    writable: () => registry.writable(),
  });
  const templatePath = (name: string): string => templates.path(name);
  return {
    ...known,
    snapshots: new SnapshotStore((message) => log('warn', message), known.graves),
    queue,
    turns: new Turns(registry, queue),
    events: new DomainEvents(facts),
    traffic: await openTraffic(layout, log, registry),
    keeper: openKeeper(layout, log, registry),
    lives: openLives(layout, log, registry),
    consoleLogs: openConsoleLogs(layout, registry),
    hooks: new Hooks({ folder: layout.hooks, log }),
    rootMounts: openRootMounts(layout),
    repositories: new Repositories(options.backupRepositories ?? [], {
      holder: holderOf(layout.cgroup, hostName(), (await readIfThere('/etc/machine-id')) ?? ''),
      name: hostName(),
      memory: layout.backupMemory,
    }),
    knownFiles: new KnownFilesStore(layout.knownFiles, (message) => log('warn', message)),
    backupTimes: await BackupTimes.open(layout.backupTimes, (message) => log('error', message)),
    scheduleTimes: await ScheduleTimes.open(layout.scheduleTimes),
    jobHistory: await JobHistory.open(layout.jobs),
    frozenMarks: await FrozenMarks.open(layout.frozen, (uuid) => registry.byUuid(uuid) !== undefined),
    backupSchedule: options.backupSchedule,
    profiles,
    templates,
    templatePath,
    sources,
    pools: await Pools.open({ layout, sources, log }),
    reader,
    documents,
    live: (subject) => documents.live(subject),
    stored: async ({ record }) => {
      const xml = await store.readXml(record.name);
      return { xml, domain: readStored(xml, record.name) };
    },
    kept: ({ record: { name } }) => ({
      keep: store.rootFolder(name),
      templatePath,
      layerOf: store.layersOf(name),
    }),
  };
}

/** All domains, and the ids that they or files of theirs have. */
async function openDomains(layout: Layout, log: EngineLog) {
  const graves = new Graves(layout.roots, (message) => log('warn', message));
  const store = new DomainStore(layout, graves);
  await bringForward(
    layout,
    [
      // From state without a schema: its leases do not say how layers are kept.
      () => store.nameLayers((folder, target) => foundAt({ folder, key: keyOf(target) })),
      // From 1: nothing is to be done, but an earlier version would take files with the container's own ids for some of the host's.
      async () => undefined,
    ],
    log,
  );
  for (const path of await store.recover()) log('warn', `removed ${path}, left by an interrupted operation`);
  const registry = new Registry();
  const window = layout.root === undefined ? systemWindow : privateWindow;
  const ids = new IdRanges(window, () => registry.mapped(), layout.root);
  const { records, leases, damaged } = store.load();
  const kept = store.keptRoots(damaged);
  for (const error of damaged) log('error', error.message);
  for (const record of records) {
    registry.add(record, 'shutoff', record.lastReason);
    if (record.ids !== null) ids.claim(record.ids.start, record.name);
  }
  for (const { name, ids: leased } of leases) if (leased !== null) ids.claim(leased.start, name);
  for (const { root, lease } of kept) ids.keep(root, lease);
  return { store, graves, registry, ids };
}

function openRootMounts({ rootMounts: folder, mounts }: Layout): RootMounts {
  const rootMounts = new RootMounts({ folder, mounts });
  rootMounts.clear();
  return rootMounts;
}

function openConsoleLogs(layout: Layout, registry: Registry): ConsoleLogs {
  const logs = new ConsoleLogs(layout.consoles);
  logs.forgetOthers(new Set([...registry.entries()].map(({ record }) => record.uuid)));
  return logs;
}

const openTraffic = (layout: Layout, log: EngineLog, registry: Registry): Promise<Traffic> =>
  Traffic.open({
    folder: layout.traffic,
    log,
    nameOf: (uuid) => registry.byUuid(uuid)?.record.name,
    uuidOf: (ref) => registry.lookFor(ref)?.record.uuid,
  });

/** One that is coming and is not let in has left nothing. */
const openLives = (layout: Layout, log: EngineLog, registry: Registry): Lives =>
  new Lives({
    folder: layout.lives,
    log,
    isDefined: (uuid) => registry.byUuid(uuid)?.presence === 'here',
  });

const openKeeper = (layout: Layout, log: EngineLog, registry: Registry): Keeper =>
  new Keeper({ folder: layout.history, log, isDefined: (uuid) => registry.byUuid(uuid) !== undefined });
