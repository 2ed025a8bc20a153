// The networks of an engine over whatever makes them, and what a daemon does with those that it finds.
// SPDX-License-Identifier: Apache-2.0
import type { Engine } from '../contract.js';
import type { NetworkHost } from '../networks/contract/network-host.js';
import { NetworkEvents } from '../networks/events.js';
import { KnownNetworks } from '../networks/known-networks.js';
import { Memberships } from '../networks/membership.js';
import { networkOperations } from '../networks/operations.js';
import { planOf } from '../networks/plan.js';
import { NetworkRunner, type RunnerParts } from '../networks/runner.js';
import { NetworkStore } from '../networks/store.js';
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
  for (const error of damaged) log('error', error.message);
  for (const { record, network } of defined) {
    const { name, uuid, autostart } = record;
    known.add({ name, uuid, autostart, stored: network, live: undefined, pending: false });
  }
  for (const network of running) {
    const { name, uuid } = network;
    const live = { network, plan: planOf(network) };
    const entry = known.byName(name);
    if (entry !== undefined) entry.live = live;
    else known.add({ name, uuid, autostart: false, stored: undefined, live, pending: false });
  }
  const memberships = new Memberships();
  const queue = new KeyedQueue();
  const parts = { ...below, store, known, memberships, queue, events: new NetworkEvents() };
  const runner = new NetworkRunner(parts);
  return {
    networkHost: host,
    knownNetworks: known,
    memberships,
    networkQueue: queue,
    networkRunner: runner,
    networks: networkOperations({ ...parts, runner }),
  };
}

/** Once it is known who runs on them: puts back what is missing of those that ran, and looks after them from now on. */
export async function resumeNetworks({
  networkHost,
  knownNetworks,
  networkRunner,
}: Pick<NetworkBuild, 'networkHost' | 'knownNetworks' | 'networkRunner'>): Promise<void> {
  const running = knownNetworks.entries().flatMap(({ live }) => {
    const plan = live?.plan;
    return plan?.bridge === undefined ? [] : [{ plan, members: networkRunner.members(plan) }];
  });
  await networkHost.open(running, (plan) => networkRunner.plug(plan));
}
