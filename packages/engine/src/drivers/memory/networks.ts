// Keeps networks in memory alone: what the engine above does with them is tested on it, without root and without a kernel.
// SPDX-License-Identifier: Apache-2.0
import { EngineError } from '../../errors.js';
import type { HeldAsset } from '../../host/held-asset.js';
import type { Listener } from '../../host/listeners.js';
import type { CardLink } from '../../host/pci-links.js';
import type { NetworkHost } from '../../networks/contract/network-host.js';
import type { HeldLease, Member, NetworkPlan } from '../../networks/contract/plan.js';
import type { HostLinks } from '../floor.js';

/** It outlives its daemons, as a host does: another engine over the same one finds what runs. */
export class MemoryNetworkHost implements NetworkHost, HostLinks {
  /** What runs, by name. */
  readonly running = new Map<string, { plan: NetworkPlan; members: readonly Member[] }>();
  /** Links that the host has besides. */
  readonly links = new Set<string>();
  /** Which bridge a link was plugged into. */
  readonly plugged = new Map<string, string>();
  /** What strangers were given, by the name of the network. */
  readonly held = new Map<string, readonly HeldLease[]>();
  /** Addresses that it does not have. */
  readonly foreign = new Set<string>();
  /** By their places on a PCI bus. */
  readonly cards = new Map<string, CardLink>();
  /** Where its programs listen. */
  readonly listening: Listener[] = [];
  /** What the next start, change or stop fails of. */
  fault: Error | undefined;

  async check({ name, bridge }: NetworkPlan): Promise<void> {
    if (bridge !== undefined && this.has(bridge.name))
      throw new EngineError('exists', `network '${name}': the host has a link named '${bridge.name}'`, {
        link: bridge.name,
      });
  }

  async start(plan: NetworkPlan, members: readonly Member[]): Promise<void> {
    this.#fail();
    this.running.set(plan.name, { plan, members });
  }

  async stop({ name, bridge }: NetworkPlan): Promise<void> {
    this.#fail();
    this.running.delete(name);
    for (const [link, where] of this.plugged) if (where === bridge?.name) this.plugged.delete(link);
  }

  async know(plan: NetworkPlan, members: readonly Member[]): Promise<void> {
    this.running.set(plan.name, { plan, members });
  }

  async change(_from: NetworkPlan, to: NetworkPlan, members: readonly Member[]): Promise<void> {
    this.#fail();
    this.running.set(to.name, { plan: to, members });
  }

  async leases({ name }: NetworkPlan): Promise<readonly HeldLease[]> {
    return this.held.get(name) ?? [];
  }

  async open(
    running: Parameters<NetworkHost['open']>[0],
    plug: Parameters<NetworkHost['open']>[1],
  ): Promise<void> {
    const names = new Set(running.map(({ plan }) => plan.name));
    for (const name of [...this.running.keys()]) if (!names.has(name)) this.running.delete(name);
    for (const one of running) {
      const isThere = this.running.has(one.plan.name);
      this.running.set(one.plan.name, one);
      if (!isThere) await plug(one.plan);
    }
  }

  assets(): readonly HeldAsset[] {
    return []; // of the host it holds nothing
  }

  async remarks(): Promise<readonly string[]> {
    return [];
  }

  async listeners(): Promise<readonly Listener[]> {
    return this.listening;
  }

  close(): void {
    // Nobody looks.
  }

  hasAddress(address: string): boolean {
    return !this.foreign.has(address);
  }

  has(name: string): boolean {
    return this.links.has(name) || [...this.running.values()].some(({ plan }) => plan.bridge?.name === name);
  }

  cardAt(place: string): CardLink {
    const card = this.cards.get(place);
    if (card === undefined) throw new EngineError('not-found', `no card at ${place}`);
    return card;
  }

  async plug(bridge: string, links: readonly string[]): Promise<void> {
    for (const link of links) this.plugged.set(link, bridge);
  }

  #fail(): void {
    const { fault } = this;
    this.fault = undefined;
    if (fault !== undefined) throw fault;
  }
}
