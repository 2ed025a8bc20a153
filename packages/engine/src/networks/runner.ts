// Starts, stops and changes networks on the host, and tells it who is on them.
// SPDX-License-Identifier: Apache-2.0

import type { NetworkEvent } from '@ctvirt/api';
import { commandFor } from '@ctvirt/xml';
import type { HostLinks } from '../drivers/floor.js';
import { EngineError } from '../errors.js';
import type { EngineLog } from '../log.js';
import type { KeyedQueue } from '../state/queue.js';
import { remembered } from '../state/remembered.js';
import type { NetworkHost } from './contract/network-host.js';
import type { Member, NetworkPlan } from './contract/plan.js';
import type { DueNetworks } from './due.js';
import type { NetworkEvents } from './events.js';
import { documentOf, type KnownNetworks, type NetworkEntry, summaryOfNetwork } from './known-networks.js';
import type { Membership, Memberships } from './membership.js';
import { forwardDevs, planOf, type SettledNetwork } from './plan.js';
import type { NetworkStore } from './store.js';
import { isWithin } from './subnets.js';

/** Dependencies of `NetworkRunner`. */
export interface RunnerParts {
  readonly host: NetworkHost;
  readonly store: NetworkStore;
  readonly known: KnownNetworks;
  readonly memberships: Memberships;
  /** One operation of each network at a time. An operation never waits for a domain's turn: domains wait for networks in theirs. */
  readonly queue: KeyedQueue;
  readonly events: NetworkEvents;
  readonly links: HostLinks;
  readonly due: DueNetworks;
  readonly log: EngineLog;
}

/** All but `startIfDue` and `know` in a turn of the network's queue. */
export class NetworkRunner {
  readonly #untold = new Set<string>();

  constructor(private readonly parts: RunnerParts) {}

  async start(entry: NetworkEntry): Promise<void> {
    if (entry.live !== undefined)
      throw new EngineError('wrong-state', `network '${entry.name}' is already running`);
    await this.run(entry, documentOf(entry));
    this.tell('started', entry);
  }

  /** One that is to run since the boot and was neither started nor stopped yet. */
  async startIfDue(entry: NetworkEntry): Promise<void> {
    const { due, queue } = this.parts;
    if (!due.has(entry.name)) return;
    await queue.run(entry.name, async () => {
      if (entry.live === undefined && due.has(entry.name)) await this.start(entry);
    });
  }

  /** Runs it as this document says; made whole or not at all. */
  async run(entry: NetworkEntry, network: SettledNetwork): Promise<void> {
    const { host, store, memberships, due, log } = this.parts;
    const plan = planOf(network);
    this.#refuseMissingDevs(network, plan);
    refuseOtherBridge(network, memberships.running(entry.name));
    if (plan.bridge !== undefined) await host.check(plan);
    // The next daemon finishes what this one has begun.
    try {
      await store.writeLive(network);
      if (plan.bridge !== undefined) await host.start(plan, this.members(plan));
    } catch (error) {
      await store.removeLive(entry.name);
      throw error;
    }
    entry.live = { network, plan };
    await due.done(entry.name);
    await this.plug(plan);
    const remarks = plan.bridge === undefined ? [] : await host.remarks(plan);
    for (const remark of remarks) log('warn', `network '${entry.name}': ${remark}`);
  }

  async stop(entry: NetworkEntry): Promise<void> {
    const { host, store, known, due } = this.parts;
    if (entry.live === undefined) throw notActive(entry.name);
    const { plan, network } = entry.live;
    if (plan.bridge !== undefined) await host.stop(plan);
    await store.removeLive(entry.name);
    entry.live = undefined;
    await due.done(entry.name);
    entry.last = network;
    if (entry.stored === undefined) known.remove(entry);
    this.tell('stopped', entry);
  }

  /** Of one that runs, to another document; what fails leaves it as it was. */
  async change(entry: NetworkEntry, network: SettledNetwork, commit: () => Promise<void>): Promise<void> {
    const { host, store } = this.parts;
    const { live } = entry;
    if (live === undefined) throw notActive(entry.name);
    const plan = planOf(network);
    refuseOtherKind(entry.name, live.plan, plan);
    const members = this.members(plan);
    if (plan.bridge !== undefined) await host.change(live.plan, plan, members);
    try {
      await commit();
      await store.writeLive(network);
    } catch (error) {
      if (plan.bridge !== undefined) await host.change(plan, live.plan, this.members(live.plan));
      throw error;
    }
    entry.live = { network, plan };
  }

  /** After a change of who is on them: those that run are told, and this resolves when they know. */
  async know(networks: Iterable<string>): Promise<void> {
    const { host, known, queue } = this.parts;
    const tell = async (name: string): Promise<void> => {
      // Those who waited behind another one have been told of with it.
      if (!this.#untold.delete(name)) return;
      const plan = known.byName(name)?.live?.plan;
      if (plan?.bridge !== undefined) await host.know(plan, this.members(plan));
    };
    await Promise.all(
      [...networks].map((name) => {
        this.#untold.add(name);
        return queue.run(name, () => tell(name));
      }),
    );
  }

  /** Who has which address there, as the host is told; the same objects as before of those who have not changed. */
  members(plan: NetworkPlan): Member[] {
    return this.parts.memberships.on(plan.name).flatMap((one) => this.#membersOf(one, plan));
  }

  readonly #membersOf = remembered((one: Membership, { bridge }: NetworkPlan): Member[] => {
    const { domain, mac, names, isRunning, addresses } = one;
    const given = (bridge?.dhcp ?? []).map(({ server }) => server);
    const subnets = (bridge?.addresses ?? []).filter(({ address }) => given.includes(address));
    const common = { domain, mac, names, isRunning, ...(one.forwards && { forwards: one.forwards }) };
    // Of one that was chosen when it had another subnet nothing is kept there.
    const kept = one.isReserved
      ? addresses.filter((address) => subnets.some((subnet) => isWithin(subnet, address)))
      : [];
    const own = isRunning ? addresses.filter((address) => !kept.includes(address)) : [];
    return [
      ...(kept.length > 0 ? [{ ...common, addresses: kept, isReserved: true }] : []),
      ...(own.length > 0 ? [{ ...common, addresses: own, isReserved: false }] : []),
    ];
  });

  /** Plugs the links of running domains into its bridge. */
  async plug({ name, bridge }: NetworkPlan): Promise<void> {
    if (bridge === undefined) return;
    const names = this.parts.memberships
      .running(name)
      .flatMap(({ hostName }) => (hostName === undefined ? [] : [hostName]));
    if (names.length > 0) await this.parts.links.plug(bridge.name, names);
  }

  /** What is on the host's own links needs those. */
  #refuseMissingDevs(network: SettledNetwork, plan: NetworkPlan): void {
    const { links } = this.parts;
    const wanted = plan.bridge === undefined ? [network.bridge?.name ?? [], forwardDevs(network)].flat() : [];
    for (const link of wanted)
      if (!links.has(link))
        throw new EngineError(
          'host-command',
          `this host has no link '${link}', which network '${network.name}' is to be on: make it, or name another (ip link shows them)`,
          { link },
        );
  }

  tell(event: NetworkEvent['event'], entry: NetworkEntry): void {
    const { events, memberships } = this.parts;
    events.tell(event, summaryOfNetwork(entry, memberships.count(entry.name)));
  }
}

export const notActive = (name: string): EngineError =>
  new EngineError(
    'wrong-state',
    `network '${name}' is not running: \`${commandFor('network start', [name])}\``,
  );

/** Where links of running domains were plugged in stands in their documents. */
function refuseOtherBridge({ name, bridge }: SettledNetwork, running: readonly Membership[]): void {
  const others = running.filter((one) => one.hostName !== undefined && one.parent !== bridge?.name);
  const [first] = others;
  if (first === undefined) return;
  throw new EngineError(
    'in-use',
    `domain '${first.domainName}' runs on network '${name}' as it was on ${first.parent}: destroy the domain first, or give the network that bridge`,
    { name, users: [...new Set(others.map(({ domainName }) => domainName))] },
  );
}

/** A bridge stays the one it is, and so does what is not one of ours. */
function refuseOtherKind(name: string, from: NetworkPlan, to: NetworkPlan): void {
  const identity = ({ bridge }: NetworkPlan): string => `${bridge?.name} ${bridge?.mac}`;
  if (identity(from) === identity(to)) return;
  throw new EngineError(
    'unsupported',
    `the bridge of network '${name}' and its hardware address stay while it runs: stop it first`,
    { name },
  );
}
