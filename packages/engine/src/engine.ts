// Composition root of the engine: builds the parts, and returns its frontends by them; no logic of its own.
// SPDX-License-Identifier: Apache-2.0
import { onBehalfOf } from './asker.js';
import { makeDomains, type Parts } from './build/domains.js';
import { type DriverName, makeFloor } from './build/drivers.js';
import { openFilters } from './build/filters.js';
import { openHost, type WallOptions } from './build/host.js';
import { openNetworks, startDue } from './build/networks.js';
import { hostFacts, operationsOf } from './build/operations.js';
import { close, recover } from './build/recover.js';
import { makeRules, type RuleOptions } from './build/rules.js';
import { openState, type StateOptions } from './build/state.js';
import type { Engine, Reach } from './contract.js';
import { autostart } from './domains/autostart.js';
import { BackupScheduler } from './domains/backup-scheduler.js';
import { Scheduler } from './domains/scheduler.js';
import { explain, explained } from './explained.js';
import { linkAddresses } from './host/addresses.js';
import type { EngineLog } from './log.js';
import type { Layout } from './state/layout.js';
import { prepareFolders } from './state/store.js';

/** Settings of an engine. */
export interface EngineOptions extends RuleOptions, WallOptions, StateOptions {
  /** Whether it does by itself what is due, starts of domains with the host's boot and schedules; it does if absent. */
  readonly autostart?: boolean;
  /** How the engines of other hosts are reached; none is if absent. */
  readonly reach?: Reach;
  /** What runs domains; liblxc if absent. */
  readonly driver?: DriverName;
}

/** Opens the state under `layout`, finds out what runs, and clears what an earlier daemon left half-made. */
export async function openEngine(
  layout: Layout,
  log: EngineLog,
  options: EngineOptions = {},
): Promise<Engine> {
  const { lib } = layout;
  const engine = await open(layout, log, options).catch((error: unknown) => {
    throw explain(error, lib);
  });
  return explained(engine, lib);
}

async function open(layout: Layout, log: EngineLog, options: EngineOptions): Promise<Engine> {
  const parts = await build(layout, log, options);
  await recover(parts);
  await parts
    .defineDefault()
    .catch((error: unknown) => log('error', `the default network is not defined: ${String(error)}`));
  const engine = engineOf(parts);
  const scheduler = new Scheduler({
    ...parts,
    snapshots: engine.snapshots,
    times: parts.scheduleTimes,
    width: parts.facts.hostCpus,
  });
  const backups = new BackupScheduler({ ...parts, backups: engine.backups });
  if (options.autostart !== false) {
    scheduler.open();
    backups.open();
    // One with a root of its own starts a network when a domain needs it.
    const networks = layout.root === undefined ? startDue(parts) : Promise.resolve();
    networks
      .then(() =>
        onBehalfOf(
          () => "the host's start",
          () => autostart(engine.start, parts),
        ),
      )
      .catch((error: unknown) => log('error', `no domain was started by itself: ${String(error)}`));
  }
  return {
    ...engine,
    async close() {
      const idle = [scheduler.close(), backups.close()];
      await parts.jobs.close();
      await Promise.all(idle);
      await engine.close();
    },
  };
}

async function build(layout: Layout, log: EngineLog, options: EngineOptions): Promise<Parts> {
  await prepareFolders(layout);
  const host = await openHost(layout, log, options);
  const below = { ...host, ...(await openState(host, options)) };
  const ruled = { ...below, ...makeRules(below, options) };
  const driven = { ...ruled, ...makeFloor(options.driver ?? 'liblxc', ruled) };
  const { floor } = driven;
  const networked = {
    ...driven,
    ...(await openNetworks({ ...driven, host: floor.networks, links: floor.links })),
  };
  const filtered = { ...networked, ...(await openFilters(networked)) };
  return { ...filtered, ...makeDomains({ ...filtered, reach: options.reach }) };
}

function engineOf(parts: Parts): Engine {
  const { driverName, floor, appArmor } = parts;
  return {
    ...operationsOf(parts),
    host: async () =>
      hostFacts(parts, {
        driver: driverName,
        driverVersion: await floor.version(),
        appArmor: appArmor.state,
      }),
    links: () => linkAddresses(),
    close: () => close(parts),
  };
}
