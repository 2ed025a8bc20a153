// What a network cannot be made for on this host, said before anything is made; and what the host's refusals mean.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { EngineError } from '../../errors.js';
import { addressBytes, networkOf, overlap } from '../../host/address-bytes.js';
import { hasLink } from '../../host/links.js';
import { refusalOf } from '../../host/refusal.js';
import { advertisedLinks, type HostSubnet, hostAddresses, hostRoutes } from '../../host/subnets.js';
import type { NetworkAddress, NetworkPlan, OwnBridge } from '../contract/plan.js';
import { DNSMASQ, missingDnsmasq } from './dnsmasq.js';
import { needsDnsmasq } from './dnsmasq-config.js';

/** Debian's package nftables. */
export const NFT = '/usr/sbin/nft';

/** Of a network that does not run. */
export function refuseImpossible({ name }: NetworkPlan, bridge: OwnBridge): void {
  if (!existsSync(NFT))
    throw new EngineError(
      'unsupported',
      "no network runs without nftables: install Debian's package nftables",
      { name },
    );
  if (needsDnsmasq(bridge) && !existsSync(DNSMASQ))
    throw new EngineError('unsupported', missingDnsmasq, { name });
  for (const address of bridge.addresses) refuseTaken(name, bridge, address);
  refuseMissingLinks(name, bridge);
  refuseLostRouter(name, bridge);
}

/** A link of the host in the subnet, or the host's way to it or into it, would be cut off, or cut the members off. */
function refuseTaken(network: string, bridge: OwnBridge, { address, prefix }: NetworkAddress): void {
  const own = addressBytes(address);
  const subnet = networkOf(own, prefix);
  const isElsewhere = ({ link, address: other }: { readonly link: string; readonly address: Buffer }) =>
    link !== bridge.name && other.length === own.length;
  const holder =
    hostAddresses().find((one) => isElsewhere(one) && networkOf(one.address, prefix).equals(subnet)) ??
    hostRoutes().find((one) => isElsewhere(one) && isWayInto(one, subnet, prefix));
  if (holder === undefined) return;
  throw new EngineError(
    'in-use',
    `network '${network}' cannot have ${address}/${prefix}: this host is in that subnet by its link ${holder.link}; give the network another subnet`,
    { name: `${address}/${prefix}`, users: [holder.link] },
  );
}

/** That to a single machine is a container's, or of somebody who knows what he does. */
const isWayInto = ({ address, bits }: HostSubnet, subnet: Buffer, prefix: number): boolean =>
  bits >= prefix && bits < 8 * address.length && networkOf(address, prefix).equals(subnet);

/** Another network of ours in the subnet, whether its bridge is there yet or not. */
export function refuseOverlap(
  { name }: NetworkPlan,
  bridge: OwnBridge,
  others: Iterable<{ readonly plan: NetworkPlan; readonly bridge: OwnBridge }>,
): void {
  for (const other of others)
    for (const own of bridge.addresses)
      for (const held of other.bridge.addresses) {
        if (!overlap(own, held)) continue;
        throw new EngineError(
          'in-use',
          `network '${name}' cannot have ${own.address}/${own.prefix}: network '${other.plan.name}' has ${held.address}/${held.prefix}; give one of them another subnet`,
          { name: `${own.address}/${own.prefix}`, users: [other.plan.name] },
        );
      }
}

function refuseMissingLinks(network: string, { forward }: OwnBridge): void {
  const devs = forward.mode === 'nat' || forward.mode === 'route' ? forward.devs : [];
  const missing = devs.find((dev) => !hasLink(dev));
  if (missing !== undefined)
    throw new EngineError(
      'host-command',
      `this host has no link '${missing}', which network '${network}' is to forward to: make it, or name another (ip link shows them)`,
      { link: missing },
    );
}

const SETTINGS = '/proc/sys/net/ipv6/conf';
const setting = (name: string): string | undefined => {
  const path = `${SETTINGS}/${name}`;
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
};

/** A host that passes packets on forgets the routers it has heard of, unless it is told to listen all the same. */
function refuseLostRouter(network: string, { forward, addresses }: OwnBridge): void {
  if (forward.mode === 'none' || addresses.every(({ family }) => family === 4)) return;
  if (setting('all/forwarding') === '1') return;
  const lost = advertisedLinks().find((link) => setting(`${link}/accept_ra`) !== '2');
  if (lost !== undefined)
    throw new EngineError(
      'unsupported',
      `network '${network}' forwards IPv6, and then this host would lose the route that a router told it by ${lost}: set net.ipv6.conf.${lost}.accept_ra=2 first`,
      { name: network },
    );
}

const errnos = {
  'Operation not permitted': 'EPERM',
  'Permission denied': 'EACCES',
  'Read-only file system': 'EROFS',
  'No space left on device': 'ENOSPC',
} as const;

/** A refusal of the kernel's for want of rights or room, whoever was told it. */
export function explained(cause: unknown, what: string): unknown {
  if (cause instanceof EngineError && cause.code !== 'host-command') return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  const [, errno] =
    Object.entries(errnos).find(([words, code]) => message.includes(words) || message.includes(code)) ?? [];
  if (errno !== undefined) return refusalOf(errno, what, {}, { cause }) ?? cause;
  return cause instanceof EngineError
    ? cause
    : new EngineError('host-command', `${what}: ${message}`, {}, { cause });
}
