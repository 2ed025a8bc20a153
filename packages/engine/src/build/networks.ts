// The networks of an engine over whatever makes them, and what a daemon does with those that it finds.
// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import type { Domain } from '@ctvirt/xml';
import type { Engine } from '../contract.js';
import { readIfThere } from '../host/files.js';
import { bootId } from '../host/processes.js';
import { readStored } from '../lifecycle/stored-document.js';
import type { NetworkHost } from '../networks/contract/network-host.js';
import { defineDefault } from '../networks/default.js';
import { DueNetworks } from '../networks/due.js';
import { NetworkEvents } from '../networks/events.js';
import { KnownNetworks } from '../networks/known-networks.js';
import { NetworkLinks } from '../networks/links.js';
import { Memberships } from '../networks/membership.js';
import { networkOperations } from '../networks/operations.js';
import { planOf } from '../networks/plan.js';
import { NetworkRunner, type RunnerParts } from '../networks/runner.js';
import { NetworkStore } from '../networks/store.js';
import type { Entry } from '../registry/registry.js';
import { KeyedQueue } from '../state/queue.js';
import type { HostParts } from './host.js';
import type { StateParts } from './state.js';

/** Objects that stand for networks. */
export interface NetworkBuild {
  readonly networkHost: NetworkHost;
  readonly knownNetworks: KnownNetworks;
  readonly memberships: Memberships;
  readonly networkQueue: KeyedQueue;
  readonly networkRunner: NetworkRunner;
  /** Defines the network that is there from the first start on. */
  readonly defineDefault: () => Promise<void>;
  readonly dueNetworks: DueNetworks;
  readonly networkLinks: NetworkLinks;
  readonly networks: Engine['networks'];
}

type Below = Pick<HostParts, 'layout' | 'log'> &
  Pick<StateParts, 'registry'> &
  Pick<RunnerParts, 'host' | 'links'>;

/** Reads what is defined and what runs, and removes what an earlier daemon left half-made. */
export async function openNetworks(below: Below): Promise<NetworkBuild> {
  const { layout, log, host } = below;
  const store = new NetworkStore(layout);
  for (const path of await store.recover()) log('warn', `removed ${path}, left by an interrupted operation`);
  const known = new KnownNetworks();
  const { defined, running, damaged } = store.load();
  const { due, isFirst } = await DueNetworks.open(
    join(layout.run, 'due-networks.json'),
    bootId(),
    defined.flatMap(({ record }) => (record.autostart ? [record.name] : [])),
  );
  for (const error of damaged) log('error', error.message);
  for (const { record, network } of defined) {
    const { name, uuid, autostart } = record;
    known.add({ name, uuid, autostart, stored: network, live: undefined, pending: false });
  }
  // What ran before this boot does not run any more.
  if (isFirst) await store.forgetRuns();
  for (const network of isFirst ? [] : running) {
    const { name, uuid } = network;
    try {
      const live = { network, plan: planOf(network) };
      const entry = known.byName(name);
      if (entry !== undefined) entry.live = live;
      else known.add({ name, uuid, autostart: false, stored: undefined, live, pending: false });
    } catch (error) {
      log('error', `network '${name}' does not run any more: ${String(error)}`);
    }
  }
  const memberships = new Memberships();
  const queue = new KeyedQueue();
  const parts = { ...below, store, known, memberships, queue, due, events: new NetworkEvents() };
  const runner = new NetworkRunner(parts);
  return {
    networkHost: host,
    knownNetworks: known,
    memberships,
    networkQueue: queue,
    networkRunner: runner,
    defineDefault: () => defineDefault(parts),
    networkLinks: new NetworkLinks({ ...parts, runner }),
    dueNetworks: due,
    networks: networkOperations({ ...parts, runner }),
  };
}

type Resumed = Pick<NetworkBuild, 'networkHost' | 'knownNetworks' | 'networkRunner' | 'networkLinks'> &
  Pick<HostParts, 'livePath' | 'log'> &
  Pick<StateParts, 'registry'>;

/** Puts back what is missing of networks that ran, and looks after them from now on. */
export async function resumeNetworks(parts: Resumed): Promise<void> {
  const { networkHost, knownNetworks, networkRunner, networkLinks, registry } = parts;
  for (const entry of registry.entries()) networkLinks.find(entry, await leftDocument(entry, parts));
  const running = knownNetworks.entries().flatMap(({ live }) => {
    const plan = live?.plan;
    return plan?.bridge === undefined ? [] : [{ plan, members: networkRunner.members(plan) }];
  });
  await networkHost.open(running, (plan) => networkRunner.plug(plan));
}

/** That of a run whose end nobody has seen yet, if it names networks: it may have ended. */
async function leftDocument(entry: Entry, { livePath, log }: Resumed): Promise<Domain | undefined> {
  const { name } = entry.record;
  try {
    const text = await readIfThere(livePath(entry));
    return text?.includes("type='network'") === true ? readStored(text, name) : undefined;
  } catch (error) {
    log('warn', `domain '${name}': which networks it is on cannot be told: ${String(error)}`);
    return undefined;
  }
}

/** All that are due; each that cannot be started is told, and may be again when a domain needs it. */
export async function startDue({
  dueNetworks,
  knownNetworks,
  networkRunner,
  log,
}: Pick<NetworkBuild, 'dueNetworks' | 'knownNetworks' | 'networkRunner'> &
  Pick<HostParts, 'log'>): Promise<void> {
  await Promise.all(
    dueNetworks.names().map(async (name) => {
      const entry = knownNetworks.byName(name);
      if (entry === undefined) return;
      await networkRunner
        .startIfDue(entry)
        .catch((error: unknown) => log('error', `network '${name}' could not be started: ${String(error)}`));
    }),
  );
}
