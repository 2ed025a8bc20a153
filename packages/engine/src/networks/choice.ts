// Which addresses the links of a domain get of their networks.
// SPDX-License-Identifier: Apache-2.0

import type { Domain } from '@ctvirt/xml';
import { commandFor } from '@ctvirt/xml';
import { EngineError } from '../errors.js';
import { eachLink } from '../lifecycle/links.js';
import type { LinkPlan } from '../network/link-plan.js';
import type { Entry, Registry } from '../registry/registry.js';
import { type DomainRecord, type LinkLease, leasedIn } from '../state/record.js';
import type { DhcpHost, DhcpPlan, HeldLease, OwnBridge } from './contract/plan.js';
import { addressOf, isWithin, numberOf } from './subnets.js';

/** A network as links are given addresses of it. */
export interface GivingNetwork {
  readonly name: string;
  readonly bridge: OwnBridge;
  /** What was given to those who asked. */
  readonly held: readonly HeldLease[];
}

/** For whom is chosen. */
export interface Chooser {
  readonly domain: Domain;
  readonly record: DomainRecord;
  /** The domain, if it is there already: what it has is free for it. */
  readonly own: Entry | undefined;
}

/**
 * At one moment, so that nobody else is given the same meanwhile. What a link had it keeps as long as it is of the network's subnet;
 * throws `no-space` when nothing is left, and `exists` for a hardware address that another domain has there.
 */
export function chooseLeases(
  chooser: Chooser,
  networks: ReadonlyMap<string, GivingNetwork>,
  registry: Registry,
): LinkLease[] {
  const { domain, record } = chooser;
  const leases: LinkLease[] = [];
  for (const { link, plan } of eachLink(domain, { ...record, leases: [] })) {
    const network = link.type === 'network' ? networks.get(link.source.network) : undefined;
    if (network === undefined) continue;
    const others = leases.filter((one) => one.network === network.name);
    const lease = leaseOf(plan, network, chooser, others, registry);
    if (lease === undefined) continue;
    refuseTwin(lease, chooser.own, registry);
    leases.push(lease);
  }
  return leases;
}

function leaseOf(
  plan: LinkPlan,
  network: GivingNetwork,
  chooser: Chooser,
  others: readonly LinkLease[],
  registry: Registry,
): LinkLease | undefined {
  const { bridge, name } = network;
  const { mac } = plan;
  const before = chooser.record.leases?.find((one) => isSameLink(one, { network: name, mac }));
  const taken = new Set(leasedIn({ leases: others }));
  const isSaid = (family: 4 | 6): boolean => plan.addresses.some((one) => one.family === family);
  const given = bridge.dhcp.flatMap((dhcp) => {
    const { family, server } = dhcp;
    const subnet = bridge.addresses.find(({ address }) => address === server);
    if (subnet === undefined || isSaid(family)) return [];
    const had = before?.addresses.find((one) => isWithin(subnet, one.address))?.address;
    const isFree = (address: string): boolean =>
      !registry.isTaken(address, chooser.own) && !taken.has(address);
    const address = addressFor({ dhcp, mac, had, isFree, network, chooser });
    return address === undefined ? [] : [{ address, prefix: subnet.prefix, family, server }];
  });
  if (given.length === 0) return undefined;
  const isIsolated = bridge.forward.mode === 'none';
  return {
    network: name,
    mac,
    addresses: given.map(({ address, prefix, family }) => ({ address, prefix, family })),
    gateways: isIsolated ? [] : given.map(({ server, family }) => ({ address: server, family })),
    nameservers: bridge.dns.isEnabled ? given.map(({ server }) => server) : [],
    searches: bridge.domain === undefined ? [] : [bridge.domain.name],
    absent: ([4, 6] as const).filter((family) => !bridge.addresses.some((one) => one.family === family)),
  };
}

interface Wanted {
  readonly dhcp: DhcpPlan;
  readonly mac: string;
  readonly had: string | undefined;
  readonly isFree: (address: string) => boolean;
  readonly network: GivingNetwork;
  readonly chooser: Chooser;
}

/** That which the network keeps for it, else the one it had, else the lowest that nobody has. */
function addressFor({ dhcp, mac, had, isFree, network, chooser }: Wanted): string | undefined {
  const own = { mac, names: [chooser.record.hostname, chooser.record.name] };
  const fixed = dhcp.hosts.find((host) => isHostOf(host, own) && host.address !== undefined)?.address;
  // Another one's is refused where all are, with his name.
  if (fixed !== undefined) return fixed;
  const kept = new Set(dhcp.hosts.map(({ address }) => address));
  const strangers = new Set(network.held.flatMap((one) => (one.mac === mac ? [] : [one.address])));
  const hosts = new Set(network.bridge.addresses.map(({ address }) => address));
  const isLeft = (address: string): boolean =>
    isFree(address) && !kept.has(address) && !strangers.has(address) && !hosts.has(address);
  if (had !== undefined && isFree(had) && !kept.has(had)) return had;
  if (dhcp.ranges.length === 0) return undefined;
  for (const { start, end } of dhcp.ranges) {
    const last = numberOf(end);
    for (let number = numberOf(start); number <= last; number++) {
      const address = addressOf(number, dhcp.family);
      if (isLeft(address)) return address;
    }
  }
  const ranges = dhcp.ranges.map(({ start, end }) => `${start} to ${end}`).join(', ');
  throw new EngineError(
    'no-space',
    `network '${network.name}' has no address left of ${ranges}: widen its range (${commandFor('network edit', [network.name])}), or give the interface an <ip>`,
  );
}

/** Whether a network keeps an address for this machine: by its hardware address, else by one of its names. */
export const isHostOf = (
  { mac, name }: DhcpHost,
  machine: { readonly mac: string; readonly names: readonly string[] },
): boolean =>
  mac === undefined
    ? machine.names.some((one) => one.toLowerCase() === name?.toLowerCase())
    : mac === machine.mac.toLowerCase();

/** Two with one hardware address would take each other's place. */
function refuseTwin(lease: LinkLease, own: Entry | undefined, registry: Registry): void {
  const { network, mac } = lease;
  for (const entry of registry.entries()) {
    if (entry === own) continue;
    if (entry.record.leases?.some((one) => isSameLink(one, lease)) !== true) continue;
    const { name } = entry.record;
    throw new EngineError(
      'exists',
      `domain '${name}' has the hardware address ${mac} on network '${network}': give the interface another`,
      { mac, holder: name },
    );
  }
}

type LinkOf = Pick<LinkLease, 'network' | 'mac'>;

/** Whether both are of one link, or would be. */
export const isSameLink = (a: LinkOf, b: LinkOf): boolean => a.network === b.network && a.mac === b.mac;

/** What a domain has of both: the same link's once, as it is later. */
export const mergedLeases = (earlier: readonly LinkLease[], later: readonly LinkLease[]): LinkLease[] => [
  ...earlier.filter((one) => !later.some((other) => isSameLink(one, other))),
  ...later,
];
