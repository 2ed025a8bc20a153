// What there is to know of domains: which there are, their documents, what they may have and what they use.
// SPDX-License-Identifier: Apache-2.0
import type {
  DomainInfo,
  DomainProcess,
  ParameterRow,
  QuotaReport,
  WhatIfReport,
  WhatIfRequest,
} from '@ctvirt/api';
import { beancounterOf } from '@ctvirt/formats';
import { currentVcpus, type Domain, maxMemoryKiB } from '@ctvirt/xml';
import { processDefaults } from '../cgroups/processes.js';
import type { DomainRef, Engine } from '../contract.js';
import { type Driver, type Subject, unmeasured } from '../drivers/driver.js';
import type { Accounts } from '../drivers/floor.js';
import { EngineError } from '../errors.js';
import type { Guarantees } from '../guarantees/guarantees.js';
import type { Jobs } from '../jobs/jobs.js';
import type { BlockIo } from '../lifecycle/block-io.js';
import { explainDisk } from '../lifecycle/disk-rows.js';
import { filesystemsOf, type HostFacts, type Reader } from '../lifecycle/document.js';
import { linksOf } from '../lifecycle/links.js';
import { withDefaultRow } from '../lifecycle/parameters.js';
import { isRescue } from '../lifecycle/rescue.js';
import { explained } from '../lifecycle/resources.js';
import { settingsEdit } from '../lifecycle/settings.js';
import type { Quotas } from '../quota/quotas.js';
import type { Documents } from '../registry/documents.js';
import { type Entry, type Registry, summaryOf } from '../registry/registry.js';
import { isSliceOver, nextSlice } from '../slices.js';
import type { ConsoleLogs } from '../state/console-logs.js';
import type { DomainStore } from '../state/store.js';
import type { KeptContext } from '../storage/index.js';
import type { Traffic } from '../traffic/traffic.js';
import type { Turns } from './turns.js';
import { eachUsageOf } from './usage.js';

/** Dependencies of `lookOperations`. */
export interface LookParts {
  readonly jobs: Pick<Jobs, 'of'>;
  readonly turns: Turns;
  readonly registry: Registry;
  readonly store: DomainStore;
  readonly documents: Documents;
  readonly driver: Driver;
  readonly reader: Reader;
  readonly blockIo: BlockIo;
  readonly kept: (entry: Subject) => KeptContext;
  readonly guarantees: Guarantees;
  readonly quotas: Quotas;
  readonly accounting: Accounts<Entry>;
  readonly traffic: Traffic;
  readonly consoleLogs: ConsoleLogs;
  readonly profiles: Pick<Engine['profiles'], 'list'>;
  readonly facts: HostFacts;
}

type Inactive = { readonly inactive?: boolean } | undefined;

/** The engine's operations that change nothing. */
export function lookOperations(
  parts: LookParts,
): Pick<
  Engine,
  | 'list'
  | 'summary'
  | 'find'
  | 'info'
  | 'eachUsage'
  | 'processes'
  | 'xml'
  | 'document'
  | 'parameters'
  | 'quota'
  | 'guarantees'
  | 'whatIf'
  | 'profileFits'
  | 'deliveries'
  | 'beancounters'
  | 'allBeancounters'
  | 'traffic'
  | 'consoleLog'
> {
  const { turns, registry, reader, guarantees, accounting, traffic } = parts;
  return {
    list: () => registry.here().map(summaryOf),
    summary: (ref) => summaryOf(turns.find(ref)),
    find: (key) => {
      const entry = registry.byKey(key);
      return entry?.presence === 'here' ? summaryOf(entry) : undefined;
    },
    info: (ref) => turns.look(ref, (entry) => infoOf(entry, parts)),
    eachUsage: ({ active } = {}) =>
      eachUsageOf(
        registry.here().filter(({ id }) => active === undefined || (id !== null) === active),
        parts,
      ),
    processes: async (options) => await processesOf(options, parts),
    consoleLog: (ref, run) => parts.consoleLogs.read(turns.find(ref).record.uuid, run ?? 'last'),
    xml: (ref, options) => turns.look(ref, (entry) => xmlOf(entry, options, parts)),
    document: (ref, options) => turns.look(ref, (entry) => documentOf(entry, options, parts)),
    parameters: (ref, options) => turns.look(ref, (entry) => parametersOf(entry, options, parts)),
    quota: (ref) => quotaOf(ref, parts),
    guarantees: async (options) =>
      await guarantees.report(
        options?.profile === undefined ? undefined : await reader.ofProfile(options.profile),
      ),
    profileFits: async () =>
      await guarantees.fits(
        await Promise.all(
          (await parts.profiles.list()).map(async ({ name }) => ({
            profile: name,
            domain: await reader.ofProfile(name),
          })),
        ),
      ),
    whatIf: (request) => whatIf(request, parts),
    deliveries: async ({ domain, minutes = 5 } = {}) =>
      await guarantees.deliveries(minutes, domain === undefined ? undefined : turns.find(domain)),
    beancounters: (ref) => turns.look(ref, (entry) => accounting.report(entry)),
    allBeancounters: async () => await accounting.reports(),
    traffic: async (options) => await traffic.report(options),
  };
}

/** A document is read as `define` reads it, parameters as `set` does. */
async function whatIf(request: WhatIfRequest, parts: LookParts): Promise<WhatIfReport> {
  const { xml, profile, count = 1, domains, values } = request;
  const { reader, guarantees, driver } = parts;
  if ([xml, profile, domains].filter((one) => one !== undefined).length !== 1)
    throw new EngineError(
      'invalid',
      'what-if is asked of a document, a profile or domains, one of the three',
    );
  if (domains !== undefined) {
    if (request.count !== undefined)
      throw new EngineError('invalid', 'what-if of domains has no count: they are as many as are named');
    const changed: Domain[] = [];
    for (const ref of domains) {
      if (isSliceOver()) await nextSlice();
      changed.push(await changedBy(ref, values ?? {}, parts));
    }
    return { ...(await guarantees.whatIfChanged(changed)), processors: null };
  }
  if (values !== undefined)
    throw new EngineError('invalid', 'what-if with values is asked of domains, by their names');
  const domain =
    xml === undefined
      ? await reader.ofProfile(profile ?? '')
      : (await reader.read(xml, { strict: false })).domain;
  return {
    ...(await guarantees.whatIf(domain, count)),
    processors: driver.places(domain, count) ?? null,
  };
}

/** A domain as it runs, or would start, with these parameters. */
const changedBy = (
  ref: DomainRef,
  values: Readonly<Record<string, string>>,
  { turns, documents, facts }: LookParts,
): Promise<Domain> =>
  turns.look(ref, async (entry) =>
    settingsEdit({ values }, facts)(
      await documents.live(entry),
      entry.running === undefined ? 'stored' : 'live',
    ),
  );

/** Who only reads does not wait for a long job, which has the domain's turn. */
async function quotaOf(ref: DomainRef, { turns, jobs, quotas }: LookParts): Promise<QuotaReport> {
  const beside = jobs.of(turns.find(ref).record.uuid) !== undefined;
  return await turns[beside ? 'look' : 'take'](ref, (entry) => quotas.report(entry, { beside }));
}

async function processesOf(
  { domain, pid }: { readonly domain?: string; readonly pid?: number } = {},
  { turns, registry }: Pick<LookParts, 'turns' | 'registry'>,
): Promise<readonly DomainProcess[]> {
  const runs =
    domain === undefined
      ? registry.here().flatMap(({ record, running }) => (running === undefined ? [] : [{ record, running }]))
      : [{ record: turns.find(domain).record, running: turns.run(domain) }];
  const found = await Promise.all(
    runs.map(async ({ record: { name, uuid }, running }) =>
      (await running.processes(pid)).map((process) => ({ domain: name, uuid, ...process })),
    ),
  );
  if (pid !== undefined && found.flat().length === 0)
    throw new EngineError(
      'not-found',
      `process ${pid} of the host is ${domain === undefined ? "no domain's" : `not of domain '${domain}'`}`,
      { pid },
    );
  return found.flat();
}

async function infoOf(
  entry: Entry,
  { documents, driver, quotas, facts }: Pick<LookParts, 'documents' | 'driver' | 'quotas' | 'facts'>,
): Promise<DomainInfo> {
  const domain = await documents.live(entry);
  const { record, running } = entry;
  const { initPid, walls } = await driver.info(entry, domain);
  return {
    ...summaryOf(entry),
    initPid,
    startedAt: running?.startedAt.toISOString() ?? null,
    vcpus: currentVcpus(domain) ?? facts.hostCpus,
    rescue: await isRescue(domain, () => documents.stored(entry)),
    lastEnd: record.lastEnd ?? null,
    maxMemoryKiB: maxMemoryKiB(domain) ?? null,
    ...(entry.running?.use() ?? unmeasured),
    maxProcessesDefault: beancounterOf(domain, 'NUMPROC') === undefined,
    disk: await quotas.root(entry, domain, { isAsked: true }),
    idMap: record.ids,
    walls,
  };
}

async function xmlOf(
  entry: Entry,
  options: Inactive,
  { store, documents }: Pick<LookParts, 'store' | 'documents'>,
): Promise<string> {
  if (options?.inactive === true || entry.running === undefined)
    return await store.readXml(entry.record.name);
  return await documents.liveXml(entry, linksOf(await documents.live(entry), entry.record));
}

const documentOf = (
  entry: Entry,
  options: Inactive,
  { documents }: Pick<LookParts, 'documents'>,
): Promise<Domain> => (options?.inactive === true ? documents.stored(entry) : documents.live(entry));

/** What becomes on this host of each parameter that the document names. */
export async function parametersOf(
  entry: Entry,
  options: Inactive,
  parts: Pick<LookParts, 'documents' | 'blockIo' | 'kept' | 'facts'>,
): Promise<readonly ParameterRow[]> {
  const { blockIo, kept, facts } = parts;
  const domain = await documentOf(entry, options, parts);
  const disks = () => blockIo.disks(filesystemsOf(domain), kept(entry));
  const said = explained(domain, facts).map((row) => explainDisk(blockIo.explain(row, disks), domain));
  return withDefaultRow(said, () => processDefaults());
}
