// What domains have of networks: addresses from when they are defined, a bridge while they run.
// SPDX-License-Identifier: Apache-2.0
import type { Domain, Finding, Interface } from '@ctvirt/xml';
import type { HostLinks } from '../drivers/floor.js';
import { EngineError } from '../errors.js';
import { eachLink } from '../lifecycle/document.js';
import { notKept, remarkOf } from '../lifecycle/not-enforced.js';
import type { LinkPlan } from '../network/link-plan.js';
import type { Entry, Registry } from '../registry/registry.js';
import type { DomainRecord, LinkLease } from '../state/record.js';
import { type Chooser, chooseLeases, type GivingNetwork } from './choice.js';
import type { NetworkHost } from './contract/network-host.js';
import { documentOf, type KnownNetworks, type NetworkEntry } from './known-networks.js';
import type { Membership, Memberships } from './membership.js';
import { groupOf, placed, placeOn, unplaced, withInterfaces } from './placing.js';
import { planOf } from './plan.js';
import type { NetworkRunner } from './runner.js';

/** Dependencies of `NetworkLinks`. */
export interface NetworkLinksParts {
  readonly host: NetworkHost;
  readonly known: KnownNetworks;
  readonly runner: NetworkRunner;
  readonly memberships: Memberships;
  readonly registry: Registry;
  readonly links: HostLinks;
}

/** Chooses addresses for a domain; at one moment, and as things are then. */
export type Choose = (chooser: Chooser) => LinkLease[];

/** Each of its methods is for a turn of the domain's. */
export class NetworkLinks {
  constructor(private readonly parts: NetworkLinksParts) {}

  /** What a document asks of networks that is not there. */
  findings(domain: Domain): Finding[] {
    return (domain.devices.interfaces ?? []).flatMap((link, index) => {
      if (link.type !== 'network') return [];
      const { network: name, portgroup } = link.source;
      const path = `/domain/devices/interface[${index + 1}]/source`;
      const entry = this.#entry(name);
      if (entry === undefined && !this.parts.links.has(name))
        return [remarkOf('no-network', `${path}/@network`, noNetwork(name))];
      if (
        portgroup === undefined ||
        (entry !== undefined && groupOf(documentOf(entry), portgroup) !== undefined)
      )
        return [];
      return [notKept(`${path}/@portgroup`, `'${name}' has no port group '${portgroup}'`)];
    });
  }

  /** Asks the host what others have been given. */
  async chooserFor(domain: Domain): Promise<Choose> {
    const { registry, host } = this.parts;
    const networks = new Map<string, GivingNetwork>();
    for (const name of networksOf(domain)) {
      const entry = this.#entry(name);
      if (entry === undefined) continue;
      const { bridge } = entry.live?.plan ?? planOf(documentOf(entry));
      if (bridge === undefined || bridge.dhcp.length === 0) continue;
      const held = entry.live === undefined ? [] : await host.leases(entry.live.plan);
      networks.set(name, { name, bridge, held });
    }
    return (chooser) => (networks.size === 0 ? [] : chooseLeases(chooser, networks, registry));
  }

  /**
   * The document of a run: with the bridge or link that each network is. Starts one that is to run and does not yet; throws
   * `wrong-state` for one that is stopped, and `not-found` for one that is not there.
   */
  async place(entry: Entry, domain: Domain): Promise<Domain> {
    const { interfaces = [] } = domain.devices;
    if (!interfaces.some(({ type }) => type === 'network')) return domain;
    const next: Interface[] = [];
    for (const link of interfaces)
      next.push(link.type === 'network' ? await this.#placed(entry, link) : link);
    return withInterfaces(domain, next);
  }

  async #placed(entry: Entry, link: Extract<Interface, { type: 'network' }>): Promise<Interface> {
    const { runner, links, memberships } = this.parts;
    const { network: name } = link.source;
    const found = this.#entry(name);
    if (found === undefined) {
      if (links.has(name)) return unplaced(link); // a bridge of the host of that name
      throw new EngineError('not-found', `domain '${entry.record.name}' cannot start: ${noNetwork(name)}`, {
        name,
      });
    }
    if (found.live === undefined) await runner.startIfDue(found);
    const { live } = found;
    if (live === undefined)
      throw new EngineError(
        'wrong-state',
        `domain '${entry.record.name}' cannot start: network '${name}' does not run: \`ctvirt network start ${name}\``,
      );
    const others = memberships.running(name).filter(({ domain: uuid }) => uuid !== entry.record.uuid);
    const uses = (dev: string): number => others.filter(({ parent }) => parent === dev).length;
    // A link that is there stays where it is.
    const { dev, bridge } = link.source;
    const place =
      dev !== undefined && bridge === undefined && this.#isThere(entry, name, dev)
        ? { dev, mode: modeOf(link.source.mode) }
        : placeOn(live.network, uses);
    return placed(link, live.network, place);
  }

  #isThere({ record: { uuid } }: Entry, network: string, dev: string): boolean {
    return this.parts.memberships.running(network).some((one) => one.domain === uuid && one.parent === dev);
  }

  /** Of a domain that runs, or is about to, with its document; of one that is off what is kept for it. Resolves when hosts know. */
  async tell(entry: Pick<Entry, 'record'>, domain: Domain | undefined): Promise<void> {
    const { memberships, runner } = this.parts;
    const { record } = entry;
    const own = domain === undefined ? keptFor(record) : membershipsOf(domain, record);
    await runner.know(memberships.set(record.uuid, own));
  }

  /** The same without waiting: a daemon that finds what runs tells hosts of all at once. */
  find(entry: Pick<Entry, 'record'>, domain: Domain | undefined): void {
    const { record } = entry;
    this.parts.memberships.set(
      record.uuid,
      domain === undefined ? keptFor(record) : membershipsOf(domain, record),
    );
  }

  /** A domain is no more. */
  async forget({ record }: Pick<Entry, 'record'>): Promise<void> {
    const { memberships, runner } = this.parts;
    await runner.know(memberships.set(record.uuid, []));
  }

  #entry(name: string): NetworkEntry | undefined {
    const entry = this.parts.known.byName(name);
    return entry === undefined || entry.pending ? undefined : entry;
  }
}

const noNetwork = (name: string): string =>
  `there is no network '${name}', nor a bridge of that name: define it, and then \`ctvirt network start ${name}\``;

const networksOf = (domain: Domain): Set<string> =>
  new Set(
    (domain.devices.interfaces ?? []).flatMap((link) =>
      link.type === 'network' ? [link.source.network] : [],
    ),
  );

const modes = ['bridge', 'private', 'vepa', 'passthrough'] as const;
const modeOf = (mode: string | undefined) => modes.find((one) => one === mode) ?? 'bridge';

/** Each link once, or twice where the document gives it addresses and the network others. */
function membershipsOf(domain: Domain, record: DomainRecord): Membership[] {
  return eachLink(domain, record).flatMap(({ link, plan, lease }) => {
    if (link.type !== 'network') return [];
    const leased = new Set(lease?.addresses.map(({ address }) => address));
    const isLeased = ({ address }: LinkPlan['addresses'][number]): boolean => leased.has(address);
    const common = {
      network: link.source.network,
      domain: record.uuid,
      domainName: record.name,
      isRunning: true,
      mac: plan.mac,
      hostName: plan.hostName,
      parent: plan.parent,
      names: namesOf(record),
    };
    const of = (addresses: LinkPlan['addresses'], isReserved: boolean): Membership => ({
      ...common,
      addresses: addresses.map(({ address }) => address),
      isReserved,
    });
    const own = plan.addresses.filter((one) => !isLeased(one));
    const given = plan.addresses.filter(isLeased);
    return [
      ...(given.length > 0 ? [of(given, true)] : []),
      ...(own.length > 0 || given.length === 0 ? [of(own, false)] : []),
    ];
  });
}

/** Nobody else is given them while it is off; by name it is not reached. */
const keptFor = (record: DomainRecord): Membership[] =>
  (record.leases ?? []).map(({ network, mac, addresses }) => ({
    network,
    domain: record.uuid,
    domainName: record.name,
    isRunning: false,
    mac,
    hostName: undefined,
    parent: undefined,
    names: [],
    addresses: addresses.map(({ address }) => address),
    isReserved: true,
  }));

const hostNames = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/** Those that can be asked for: the host name first, and the domain's where it is one. */
function namesOf({ hostname, name }: DomainRecord): string[] {
  const names = [hostname, name].filter((one) => hostNames.test(one) && one !== 'localhost');
  return [...new Set(names.map((one) => one.toLowerCase()))];
}
