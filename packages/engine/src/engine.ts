// Composition root of the engine: builds the parts, and answers its frontends by them; no logic of its own.
// SPDX-License-Identifier: Apache-2.0
import { makeDomains, type Parts } from './build/domains.js';
import { type DriverName, makeFloor } from './build/drivers.js';
import { openHost } from './build/host.js';
import { close, recover } from './build/recover.js';
import { makeRules, type RuleOptions } from './build/rules.js';
import { openState } from './build/state.js';
import type { Engine } from './contract.js';
import { amendOperations } from './domains/amend.js';
import { autostart } from './domains/autostart.js';
import { defineOperations } from './domains/define.js';
import { insideOperations } from './domains/inside.js';
import { lookOperations } from './domains/look.js';
import { runOperations } from './domains/run.js';
import { explain, explained } from './explained.js';
import { linkAddresses } from './host/addresses.js';
import type { EngineLog } from './log.js';
import type { Layout } from './state/layout.js';
import { prepareFolders } from './state/store.js';

/** Settings of an engine. */
export interface EngineOptions extends RuleOptions {
  /** Whether the first engine since the host's boot starts the domains that are marked so; it does if absent. */
  readonly autostart?: boolean;
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
  const engine = engineOf(parts);
  if (options.autostart !== false)
    autostart(engine.start, parts).catch((error: unknown) =>
      log('error', `no domain was started by itself: ${String(error)}`),
    );
  return engine;
}

async function build(layout: Layout, log: EngineLog, options: EngineOptions): Promise<Parts> {
  await prepareFolders(layout);
  const host = await openHost(layout, log);
  const below = { ...host, ...(await openState(host)) };
  const ruled = { ...below, ...makeRules(below, options) };
  const driven = { ...ruled, ...makeFloor(options.driver ?? 'liblxc', ruled) };
  return { ...driven, ...makeDomains(driven) };
}

function engineOf(parts: Parts): Engine {
  const { templates, profiles, assets, events } = parts;
  return {
    ...lookOperations(parts),
    ...amendOperations(parts),
    ...defineOperations(parts),
    ...runOperations(parts),
    ...insideOperations(parts),
    templates,
    profiles,
    check: () => assets.check(),
    clean: () => assets.clean(),
    onEvent: (listener) => events.listen((event) => listener(event)),
    host: () => hostFacts(parts),
    links: () => linkAddresses(),
    close: () => close(parts),
  };
}

const hostFacts = async ({ driverName, floor, cgroups, facts, appArmor, layout, registry }: Parts) => ({
  driver: driverName,
  driverVersion: await floor.version(),
  cgroups: cgroups.version === 2 ? ('v2' as const) : ('v1' as const),
  cpus: facts.hostCpus,
  kernel: facts.kernel,
  arch: facts.arch,
  memoryBytes: facts.memoryBytes,
  pageSize: facts.pageSize,
  seccomp: facts.hasSeccomp,
  appArmor: appArmor.state,
  filesystem: facts.storage.filesystem,
  quotas: [...facts.storage.quotas],
  state: layout.lib,
  domains: registry.size,
});
