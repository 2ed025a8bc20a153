// What a network's document asks of the host, worked out.
// SPDX-License-Identifier: Apache-2.0
import type { NetworkSummary } from '@ctvirt/api';
import { type Network, normalAddress, prefixOf } from '@ctvirt/xml';
import { EngineError } from '../errors.js';
import { addressBytes } from '../network/link-addresses.js';
import { tagsOf } from '../network/port-tags.js';
import { ratesOf } from '../network/rates.js';
import { remembered } from '../state/remembered.js';
import type {
  DhcpPlan,
  DnsPlan,
  ForwardPlan,
  NetworkAddress,
  NetworkPlan,
  OwnBridge,
} from './contract/plan.js';

/** A document with all that is made up where it says nothing: UUID, bridge and hardware address are in it. */
export type SettledNetwork = Network & { readonly uuid: string };

type Ip = NonNullable<Network['ips']>[number];

/** How members reach others: a `<forward>` that says nothing means NAT, and none that there is no way out. */
export const forwardModeOf = ({ forward }: Network): NetworkSummary['forward'] =>
  forward === undefined ? 'none' : (forward.mode ?? 'nat');

/** Whether a bridge is made for the network; the others are on what the host has. */
export function hasOwnBridge(network: Network): boolean {
  const mode = forwardModeOf(network);
  return mode === 'nat' || mode === 'route' || mode === 'open' || mode === 'none';
}

/** What the host is to be asked for; throws `unsupported` for what no container can be given. */
export function planOf(network: SettledNetwork): NetworkPlan {
  const { name, uuid } = network;
  if (forwardModeOf(network) === 'hostdev')
    throw new EngineError(
      'unsupported',
      `network '${name}' hands over whole devices of the host, which no container here is given: its <forward> needs another mode`,
    );
  // Refused here, not when a link is given them.
  for (const { vlan } of [network, ...(network.portgroups ?? [])]) if (vlan !== undefined) tagsOf(vlan);
  return { name, uuid, bridge: hasOwnBridge(network) ? ownBridgeOf(network) : undefined };
}

function ownBridgeOf(network: SettledNetwork): OwnBridge {
  const { name, bridge, mac, mtu, domain, ipv6 } = network;
  if (bridge?.name === undefined || mac === undefined)
    throw new EngineError('internal', `network '${name}' has no name or hardware address for its bridge`);
  return {
    name: bridge.name,
    mac: mac.address,
    mtu: mtu?.size,
    // The kernel's protocol would keep each new link waiting for four seconds, whatever the delay.
    stp: bridge.stp !== false && (bridge.delay ?? 0) > 0,
    delaySeconds: bridge.delay ?? 0,
    addresses: subnetsOf(network),
    routes: routesOf(network),
    forward: forwardOf(network),
    dhcp: (network.ips ?? []).flatMap(dhcpOf),
    dns: dnsOf(network),
    domain: domain === undefined ? undefined : { name: domain.name, isLocal: domain.localOnly === true },
    rates: ratesOf(network.bandwidth),
    passesIpv6: ipv6 === true,
  };
}

/** The host's addresses on it. */
export const subnetsOf = ({ ips }: Network): NetworkAddress[] => (ips ?? []).map(subnetOf);

function subnetOf({ address, family, localPtr, tftpRoot, ...ip }: Ip): NetworkAddress {
  const isSix = family === 'ipv6';
  return {
    address: normalAddress(address),
    prefix: prefixIn(ip) ?? commonPrefix(address),
    family: isSix ? 6 : 4,
    ...(localPtr === true && { hasLocalPtr: true }),
    ...(tftpRoot !== undefined && { tftpRoot }),
  };
}

const prefixIn = ({ prefix = 0, netmask }: Pick<Ip, 'prefix' | 'netmask'>): number | undefined =>
  prefix > 0 ? prefix : netmask === undefined ? undefined : prefixOf(netmask);

/** libvirt takes the classes of old where nothing is said. */
function commonPrefix(address: string): number {
  if (addressBytes(address).every((byte) => byte === 0)) return 0;
  if (address.includes(':')) return 64;
  const first = Number(address.split('.')[0]);
  return first < 128 ? 8 : first < 192 ? 16 : 24;
}

const routesOf = ({ routes }: Network): OwnBridge['routes'] =>
  (routes ?? []).map(({ address, gateway, family, metric, ...route }) => ({
    destination: normalAddress(address),
    prefix: prefixIn(route) ?? commonPrefix(address),
    family: family === 'ipv6' ? 6 : 4,
    gateway: normalAddress(gateway),
    metric,
  }));

/** The host's links that a `<forward>` names. */
export function forwardDevs({ forward }: Network): string[] {
  const { dev, interfaces } = forward ?? {};
  return interfaces?.map((one) => one.dev) ?? (dev === undefined ? [] : [dev]);
}

function forwardOf(network: Network): ForwardPlan {
  const mode = forwardModeOf(network);
  const devs = forwardDevs(network);
  const { nat } = network.forward ?? {};
  if (mode === 'nat')
    return { mode, devs, addresses: nat?.address, ports: nat?.port, ipv6: nat?.ipv6 === true };
  if (mode === 'route') return { mode, devs };
  return { mode: mode === 'open' ? 'open' : 'none' };
}

function dhcpOf(ip: Ip): DhcpPlan[] {
  const { dhcp } = ip;
  const subnet = subnetOf(ip);
  if (dhcp === undefined) return [];
  return [
    {
      family: subnet.family,
      server: subnet.address,
      ranges: (dhcp.ranges ?? []).map(({ start, end, lease }) => ({
        start: normalAddress(start),
        end: normalAddress(end),
        leaseSeconds: leaseSeconds(lease),
      })),
      hosts: (dhcp.hosts ?? []).map(({ mac, id, name, ip: address, lease }) => ({
        mac: mac?.toLowerCase(),
        id,
        name,
        address: normalAddress(address),
        leaseSeconds: leaseSeconds(lease),
      })),
      bootp: dhcp.bootp === undefined ? undefined : { file: dhcp.bootp.file, server: dhcp.bootp.server },
    },
  ];
}

type Dhcp = NonNullable<Ip['dhcp']>;
type Lease = NonNullable<NonNullable<Dhcp['ranges']>[number]['lease']>;

const unitSeconds = { seconds: 1, minutes: 60, hours: 3600 } as const;

/** 0 is for ever. */
const leaseSeconds = (lease: Lease | undefined): number | 'infinite' | undefined =>
  lease === undefined
    ? undefined
    : lease.expiry === 0
      ? 'infinite'
      : lease.expiry * unitSeconds[lease.unit ?? 'minutes'];

function dnsOf({ dns }: Network): DnsPlan {
  const { forwarders = [], hosts = [], txts = [], srvs = [] } = dns ?? {};
  return {
    isEnabled: dns?.enable !== false,
    // libvirt forwards them when nothing is said. Who asks for the AAAA of a member that has only IPv4 is then told by some server, or by
    // none, that there is no such name, and some resolvers believe that of the member.
    forwardsPlainNames: dns?.forwardPlainNames === true,
    forwarders: forwarders.map(({ domain, addr }) => ({ domain, address: addr })),
    hosts: hosts.map(({ ip, hostnames = [] }) => ({ address: normalAddress(ip), names: hostnames })),
    texts: txts.map(({ name, value }) => ({ name, value })),
    services: srvs.map(({ service, protocol, domain, target, port, priority, weight }) => ({
      ...{ service, protocol, domain, target, port, priority, weight },
    })),
  };
}

type Shown = Pick<NetworkSummary, 'bridge' | 'forward' | 'subnets' | 'domain'>;

/** What lists show of a document: each look for a network asks for it. */
export const shownOfNetwork = remembered((network: Network, _: undefined): Shown => {
  const subnets = (network.ips ?? []).map((ip) => {
    const { address, prefix } = subnetOf(ip);
    return { address, prefix, dhcp: ip.dhcp !== undefined };
  });
  return {
    bridge: network.bridge?.name ?? null,
    forward: forwardModeOf(network),
    subnets,
    domain: network.domain?.name ?? null,
  };
});
