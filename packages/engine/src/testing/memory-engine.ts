// The engine over a driver in memory, in a folder of its own: what clients of it meet, without containers.
// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BeancounterReport } from '@ctvirt/api';
import { makeDomains } from '../build/domains.js';
import { openFilters } from '../build/filters.js';
import { openNetworks, resumeNetworks } from '../build/networks.js';
import { hostFacts, operationsOf } from '../build/operations.js';
import { complete, knowRunning } from '../build/recover.js';
import { makeRules } from '../build/rules.js';
import { openState, type StateParts } from '../build/state.js';
import { type CgroupLayout, detectCgroups } from '../cgroups/layout.js';
import type { Engine } from '../contract.js';
import { clearCopies, finishReverts, startReverted } from '../domains/snapshot-recovery.js';
import type { Subject } from '../drivers/driver.js';
import type { Looks } from '../drivers/floor.js';
import { Allowances } from '../drivers/lxc/accounting/allowed.js';
import type { MemoryDriver } from '../drivers/memory/driver.js';
import { MemoryNetworkHost } from '../drivers/memory/networks.js';
import { explained } from '../explained.js';
import { KnownFilters } from '../filters/rules/known-filters.js';
import { type Facts, readFacts } from '../host/facts.js';
import { UserNamespacePool } from '../host/userns.js';
import type { EngineLog } from '../log.js';
import { Wall } from '../network/wall.js';
import type { Entry } from '../registry/registry.js';
import { diskName, type Layout } from '../state/layout.js';
import { prepareFolders } from '../state/store.js';

/** Opens an engine on the state under `layout`; the next one over the same driver finds what runs. It obeys root's files alone. */
export async function openMemoryEngine(
  layout: Layout,
  driver: MemoryDriver,
  log: EngineLog = () => undefined,
  networkHost = new MemoryNetworkHost(),
) {
  await prepareFolders(layout);
  const facts = { ...readFacts(layout.roots), pageSize: 4096, hostCpus: 2 };
  const namespaces = new UserNamespacePool();
  const livePath = documentPathIn(layout);
  const host = { layout, log, facts, cgroups: detectCgroups(), namespaces, livePath, driver };
  const below = { ...host, ...(await openState(host)) };
  const ruled = { ...below, ...makeRules(below, {}) };
  const networks = await openNetworks({
    ...ruled,
    host: networkHost,
    links: networkHost,
  });
  const known = new KnownFilters();
  const wall = new Wall({
    name: 'memory',
    log,
    findFilter: (name) => known.byName(name),
    isOpen: false,
    connections: 0,
  });
  const filters = await openFilters({ ...ruled, filters: known, wall });
  const networked = { ...ruled, ...networks, ...filters, looks: looksOf(driver) };
  const parts = { ...networked, ...makeDomains(networked) };
  await complete(parts);
  await resumeNetworks(parts);
  await clearCopies(parts);
  await parts.lifecycle.recover();
  await finishReverts(parts);
  await knowRunning({ ...parts, floor: { know: () => undefined } });
  await startReverted(parts);
  parts.sweep.open();
  const engine: Engine = {
    ...operationsOf({ ...parts, accounting: accountsOf(parts) }),
    host: async () => hostFacts(parts, { driver: 'memory', driverVersion: '1.0.0', appArmor: 'off' }),
    links: async () => [],
    async close() {
      await parts.jobs.close();
      await parts.queue.idle();
      await parts.graves.close();
      // Its folder is about to go: what a client left behind ends first.
      while (parts.templates.isWorking()) await delay(5);
      parts.lifecycle.close();
      parts.sweep.close();
      await parts.traffic.close();
      await parts.keeper.close();
      await parts.lives.close();
      networkHost.close();
      namespaces.close();
    },
  };
  return { engine: explained(engine, layout.lib), parts };
}

/** Where the document of a run lies, for the driver to keep it there. */
export const documentPathIn =
  (layout: Layout) =>
  ({ record }: Subject): string =>
    join(layout.runtime, diskName(record.name), 'live.xml');

/** What a test has runs use. */
const looksOf = (driver: MemoryDriver): Looks<Entry> => ({
  begin: async () => undefined,
  look: ({ record: { name } }) => driver.look(name),
  group: () => null,
  known: () => undefined,
});

/** What domains may have is in their documents; what they hold nothing counts. */
function accountsOf({
  cgroups,
  facts,
  live,
  registry,
}: Pick<StateParts, 'live' | 'registry'> & { readonly cgroups: CgroupLayout; readonly facts: Facts }) {
  const allowances = new Allowances(cgroups.version, facts);
  const report = async (entry: Entry): Promise<BeancounterReport> => {
    const { name, uuid, ctid } = entry.record;
    const rows = allowances.of(await live(entry)).map(({ resource, unit, barrier, limit, how }) => ({
      ...{ resource, unit, barrier, limit, how },
      ...{ held: null, maxheld: null, sampled: true, failcnt: null },
    }));
    return {
      ...{ name, uuid, ctid, rows },
      startedAt: entry.running?.startedAt.toISOString() ?? null,
      countedAt: null,
      uncounted: 0,
    };
  };
  const isRunning = ({ running }: Entry): boolean => running !== undefined;
  return { report, reports: () => Promise.all([...registry.entries()].filter(isRunning).map(report)) };
}
