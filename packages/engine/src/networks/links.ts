// What domains have of networks: addresses from when they are defined, a bridge while they run.
// SPDX-License-Identifier: Apache-2.0

import type { Domain, Finding, Interface } from '@ctvirt/xml';
import { commandFor } from '@ctvirt/xml';
import type { HostLinks } from '../drivers/floor.js';
import { EngineError } from '../errors.js';
import { addressBytes, isUnspecified } from '../host/address-bytes.js';
import type { Listener } from '../host/listeners.js';
import { withInterfaces } from '../lifecycle/edit.js';
import { eachLink, placeOf } from '../lifecycle/links.js';
import { notKept, remarkOf } from '../lifecycle/not-enforced.js';
import type { LinkPlan } from '../network/link-plan.js';
import { forwardsIn, forwardsOf, forwardsOfLink, portsInWords } from '../network/port-forwards.js';
import type { Entry, Registry } from '../registry/registry.js';
import type { DomainRecord, LinkLease } from '../state/record.js';
import { type Chooser, chooseLeases, type GivingNetwork } from './choice.js';
import type { NetworkHost } from './contract/network-host.js';
import type { PortForward } from './contract/plan.js';
import { documentOf, type KnownNetworks, type NetworkEntry } from './known-networks.js';
import type { Membership, Memberships } from './membership.js';
import {
  groupOf,
  hasPlace,
  keptIn,
  type NetworkInterface,
  noVlans,
  placed,
  placedCard,
  placeOn,
  unplaced,
} from './placing.js';
import { forwardModeOf, hasOwnBridge, planOf } from './plan.js';
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
    return [...this.#missing(domain), ...this.#untagged(domain), ...this.#unforwarded(domain)];
  }

  /** Programs of the host that are not reached any more where a document's domain runs, each in a sentence with the port's path. */
  async shadowed(domain: Domain): Promise<Finding[]> {
    if (forwardsOf(domain).length === 0) return [];
    const there = await this.parts.links.listeners();
    return eachForward(domain).flatMap(({ path, forwards }) => {
      const port = there.find((one) => forwards.some((forward) => isShadowed(one, forward)))?.port;
      const found = forwards.find((forward) => port !== undefined && isPortOf(forward, port));
      if (found === undefined || port === undefined) return [];
      const what = portsInWords({ ...found, start: port, end: port });
      return [
        remarkOf(
          'taken-port',
          path,
          `a program of the host listens at ${what}: while the domain runs, others reach the container there instead`,
        ),
      ];
    });
  }

  /** Whether ports of the host lead to members of a network, if it runs or `now`. */
  doesForward(name: string, { now = false } = {}): boolean {
    const entry = this.parts.known.there({ name });
    if (entry === undefined || (now && entry.live === undefined)) return false;
    const mode = forwardModeOf(documentOf(entry));
    return mode === 'nat' || mode === 'route';
  }

  /** Ports of the host that lead nowhere. */
  #unforwarded(domain: Domain): Finding[] {
    return eachForward(domain).flatMap(({ path, link, address }) => {
      const { network: name } = link.source;
      const entry = this.parts.known.there({ name });
      if (entry === undefined)
        return this.parts.links.has(name)
          ? [
              notKept(
                path,
                `'${name}' is a bridge of the host: ports are forwarded on networks that translate or route`,
              ),
            ]
          : [];
      const mode = forwardModeOf(documentOf(entry));
      if (mode !== 'nat' && mode !== 'route')
        return [
          notKept(
            path,
            `network '${name}' neither translates nor routes (its mode is ${mode}): no port of the host leads there`,
          ),
        ];
      if (address !== undefined && isLoopback(addressBytes(address)))
        return [
          notKept(
            `${path}/@address`,
            `what the host sends to itself by ${address} stays there: give another address of it, or none`,
          ),
        ];
      return [...this.#elsewhere(path, address), ...unanswered(path, link, address, entry)];
    });
  }

  /** It may be an address that comes and goes, or that others send to this host without its having it; or a slip. */
  #elsewhere(path: string, address: string | undefined): Finding[] {
    if (address === undefined || isUnspecified(address) || this.parts.links.hasAddress(address)) return [];
    return [
      remarkOf(
        'bad-address',
        `${path}/@address`,
        `the host does not have the address ${address} now: what passes this host on its way there is led to the domain, too`,
      ),
    ];
  }

  #missing(domain: Domain): Finding[] {
    return (domain.devices.interfaces ?? []).flatMap((link, index) => {
      if (link.type !== 'network') return [];
      const { network: name, portgroup } = link.source;
      const path = `/domain/devices/interface[${index + 1}]/source`;
      const entry = this.parts.known.there({ name });
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

  /** Tags where nothing puts them on. */
  #untagged(domain: Domain): Finding[] {
    return (domain.devices.interfaces ?? []).flatMap((link, index) => {
      if (link.type !== 'network' || link.vlan === undefined) return [];
      const { network: name } = link.source;
      const entry = this.parts.known.there({ name });
      if (entry === undefined) return [];
      if (!hasOwnBridge(documentOf(entry))) return [];
      return [notKept(`/domain/devices/interface[${index + 1}]/vlan`, noVlans(name))];
    });
  }

  /** Asks the host what others have been given. */
  async chooserFor(domain: Domain): Promise<Choose> {
    const { registry, host } = this.parts;
    const networks = new Map<string, GivingNetwork>();
    for (const name of networksOf(domain)) {
      const entry = this.parts.known.there({ name });
      if (entry === undefined) continue;
      const { bridge } = entry.live?.plan ?? planOf(documentOf(entry));
      if (bridge === undefined || bridge.dhcp.length === 0) continue;
      const held = entry.live === undefined ? [] : await host.leases(entry.live.plan);
      networks.set(name, { name, bridge, held });
    }
    return (chooser) => (networks.size === 0 ? [] : chooseLeases(chooser, networks, registry));
  }

  /**
   * The document of a run: with the bridge or link that each network is, and what each card is called. Starts one that is to run and does not yet; throws
   * `wrong-state` for one that is stopped, and `not-found` for one that is not there. Of a run that changes, links that are there
   * stay where they are, whatever became of their network.
   */
  async place(entry: Entry, domain: Domain, before?: Domain): Promise<Domain> {
    const { interfaces = [] } = domain.devices;
    if (!interfaces.some(hasPlace)) return domain;
    const there = before?.devices.interfaces;
    const kept = interfaces.map((link) => keptIn(link, there));
    const next = interfaces.map((link, index) => kept[index] ?? link);
    for (const [index, link] of next.entries()) {
      if (kept[index] !== undefined) continue;
      if (link.type === 'network') next[index] = await this.#placed(entry, link, next.toSpliced(index, 1));
      if (link.type === 'hostdev') next[index] = placedCard(link, this.parts.links.cardAt(placeOf(link)));
    }
    return withInterfaces(domain, next);
  }

  /** `beside` are the other interfaces of its document. */
  async #placed(entry: Entry, link: NetworkInterface, beside: readonly Interface[]): Promise<Interface> {
    const { runner, links, memberships } = this.parts;
    const { network: name } = link.source;
    const found = this.parts.known.there({ name });
    if (found === undefined) {
      if (links.has(name)) return unplaced(link); // a bridge of the host of that name
      throw new EngineError(
        'not-found',
        `domain '${entry.record.name}' ${cannot(entry)}: ${noNetwork(name)}`,
        {
          name,
        },
      );
    }
    if (found.live === undefined) await runner.startIfDue(found);
    const { live } = found;
    if (live === undefined)
      throw new EngineError(
        'wrong-state',
        `domain '${entry.record.name}' ${cannot(entry)}: network '${name}' does not run: \`${commandFor('network start', [name])}\``,
      );
    const uses = (dev: string): number => {
      const others = memberships.running(name).filter(({ domain: uuid }) => uuid !== entry.record.uuid);
      const own = beside.flatMap((one) => (one.type === 'network' ? [one.source.dev] : []));
      return [...others.map(({ parent }) => parent), ...own].filter((one) => one === dev).length;
    };
    return placed(link, live.network, placeOn(live.network, uses));
  }

  /** Of a domain that runs, or is about to, with its document; of one that is off what is kept for it. Resolves when hosts know. */
  async tell(entry: Pick<Entry, 'record'>, domain: Domain | undefined): Promise<void> {
    await this.parts.runner.know(this.find(entry, domain));
  }

  /** The same without telling, as a daemon that finds what runs tells hosts of all at once; returns the networks that have others now. */
  find({ record }: Pick<Entry, 'record'>, domain: Domain | undefined): string[] {
    const own = domain === undefined ? keptFor(record) : membershipsOf(domain, record);
    return this.parts.memberships.set(record.uuid, own);
  }

  /** A domain is no more. */
  async forget({ record }: Pick<Entry, 'record'>): Promise<void> {
    const { memberships, runner } = this.parts;
    await runner.know(memberships.set(record.uuid, []));
  }
}

const noNetwork = (name: string): string =>
  `there is no network '${name}', nor a bridge of that name: define it, and then \`${commandFor('network start', [name])}\``;

const networksOf = (domain: Domain): Set<string> =>
  new Set(
    (domain.devices.interfaces ?? []).flatMap((link) =>
      link.type === 'network' ? [link.source.network] : [],
    ),
  );

/** Each `<portForward>` of a document's links on networks. */
const eachForward = (domain: Domain) =>
  (domain.devices.interfaces ?? []).flatMap((link, index) =>
    link.type !== 'network'
      ? []
      : (link.portForwards ?? []).map((said, at) => ({
          link,
          address: said.address,
          forwards: forwardsIn(said),
          path: `/domain/devices/interface[${index + 1}]/portForward[${at + 1}]`,
        })),
  );

/** Asked at an address of a family of which the member of a network has none, as far as is known, nobody is there to answer. */
function unanswered(
  path: string,
  { ips = [] }: NetworkInterface,
  address: string | undefined,
  network: NetworkEntry,
): Finding[] {
  const { bridge } = network.live?.plan ?? planOf(documentOf(network));
  const own = ips.map(({ family }) => (family === 'ipv6' ? 6 : 4));
  const given = bridge?.dhcp.map(({ family }) => family) ?? [];
  const wanted = address === undefined ? undefined : addressBytes(address).length === 16 ? 6 : 4;
  const isAnswered = bridge?.addresses.some(
    ({ family }) => family === (wanted ?? family) && [...own, ...given].includes(family),
  );
  if (isAnswered === true) return [];
  const kind = wanted === undefined ? '' : `IPv${wanted} `;
  return [
    notKept(
      path,
      `the domain has no ${kind}address on network '${network.name}' to which this could lead: give the interface an <ip>, or the network a <dhcp>`,
    ),
  ];
}

const isPortOf = ({ start, end }: PortForward, port: number): boolean => start <= port && port <= end;

const isLoopback = (bytes: Buffer): boolean =>
  bytes.length === 4 ? bytes[0] === 127 : bytes.every((byte, at) => byte === (at === 15 ? 1 : 0));

/** Who listens at all addresses of IPv6 mostly does at those of IPv4, too. */
function isShadowed({ protocol, address, port }: Listener, forward: PortForward): boolean {
  if (protocol !== forward.protocol || !isPortOf(forward, port) || isLoopback(address)) return false;
  if (forward.address === undefined) return true;
  const own = addressBytes(forward.address);
  if (address.every((byte) => byte === 0)) return own.length <= address.length;
  return isUnspecified(forward.address) ? own.length === address.length : own.equals(address);
}

/** Each link once, or twice where the document gives it addresses and the network others. */
function membershipsOf(domain: Domain, record: DomainRecord): Membership[] {
  return eachLink(domain, record).flatMap(({ link, plan, lease }) => {
    if (link.type !== 'network') return [];
    const leased = new Set(lease?.addresses.map(({ address }) => address));
    const forwards = forwardsOfLink(link);
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
      ...(forwards.length > 0 && { forwards }),
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

/** While it runs it is attached. */
const cannot = ({ running }: Entry): string =>
  running === undefined ? 'cannot start' : 'cannot have an interface there';
