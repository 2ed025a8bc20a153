// What of a document's interfaces no container can have, whatever the host: the kernel or liblxc refuses it, or nobody reaches it.
// SPDX-License-Identifier: Apache-2.0
import {
  type Finding,
  type FindingCode,
  type Hostdev,
  type Interface,
  normalAddress,
  prefixOf,
  type Route,
} from '@ctvirt/xml';
import { isUnspecified } from '../host/address-bytes.js';
import { addressBytes, addressText } from '../network/link-addresses.js';
import { forwardsIn, sharedPorts } from '../network/port-forwards.js';
import { commonPrefix, isDefaultRoute } from '../network/routes.js';
import type { PortForward } from '../networks/contract/plan.js';

/** An error of the document. */
export interface LinkFault extends Finding {
  /** Whether it keeps the container from starting; otherwise it starts with a link that is of no use. */
  readonly isFatal: boolean;
}

type Tell = (
  path: string,
  code: FindingCode,
  message: string,
  more?: { readonly found?: string; readonly isFatal?: boolean },
) => void;

/** What can be at fault in links of either kind. */
type Link = Pick<Interface, 'type' | 'ips' | 'routes' | 'link'>;

/** All of them at once, each with the path of what is at fault; of links of the host what they are to have inside. */
export function linkFaults(interfaces: readonly Interface[], hostdevs: readonly Hostdev[] = []): LinkFault[] {
  const faults: LinkFault[] = [];
  const tellAt =
    (base: string): Tell =>
    (path, code, message, { isFatal = false, ...more } = {}) => {
      const at = { line: 0, column: 0, path: `${base}${path}` };
      faults.push({ severity: 'error', code, message, ...at, ...more, isFatal });
    };
  const others = {
    addresses: new Set<string>(),
    gateways: new Map<string, string>(),
    forwards: [] as PortForward[],
  };
  for (const [index, link] of interfaces.entries()) {
    const tell = tellAt(`/domain/devices/interface[${index + 1}]`);
    lookAtName(link, tell);
    lookAtSize(link, tell);
    lookAtAddresses(link, others.addresses, tell);
    lookAtRoutes(link, others.gateways, tell);
    lookAtForwards(link, others.forwards, tell);
  }
  for (const [index, hostdev] of hostdevs.entries()) {
    if (hostdev.type !== 'net') continue;
    const { ips, routes } = hostdev;
    const link: Link = { type: 'direct', ...(ips && { ips }), ...(routes && { routes }) };
    const tell = tellAt(`/domain/devices/hostdev[${index + 1}]`);
    lookAtAddresses(link, others.addresses, tell);
    lookAtRoutes(link, others.gateways, tell);
  }
  return faults;
}

/** liblxc takes a number for that of a link. */
function lookAtName({ guest }: Interface, tell: Tell): void {
  const name = guest?.dev;
  if (name === undefined || !/^\d+$/.test(name)) return;
  tell('/guest/@dev', 'bad-value', `'${name}' is no name of a link: it has digits alone`, {
    found: name,
    isFatal: true,
  });
}

/** What the kernel lets a link of a pair have, and IPv6 needs (RFC 8200). */
const smallest = { link: 68, ipv6: 1280 } as const;
const LARGEST_MTU = 65_535;

function lookAtSize({ mtu, ips = [] }: Interface, tell: Tell): void {
  if (mtu === undefined) return;
  const { size } = mtu;
  const needsSix = ips.some(({ family }) => family === 'ipv6');
  const least = needsSix ? smallest.ipv6 : smallest.link;
  if (size >= least && size <= LARGEST_MTU) return;
  const range = needsSix
    ? `, with an IPv6 address ${least} to ${LARGEST_MTU}`
    : `, ${least} to ${LARGEST_MTU}`;
  tell('/mtu/@size', 'out-of-range', `a link has no packets of ${size} bytes${range}`, {
    found: String(size),
    isFatal: true,
  });
}

function lookAtAddresses({ type, ips = [] }: Link, taken: Set<string>, tell: Tell): void {
  for (const [at, { address: written, prefix, family }] of ips.entries()) {
    const path = `/ip[${at + 1}]/@address`;
    const address = normalAddress(written);
    const bytes = addressBytes(address);
    const isRouted = type === 'ethernet';
    const why =
      nobodys(bytes, isRouted) ??
      (isRouted || family === 'ipv6' ? undefined : networks(bytes, prefix ?? commonPrefix(family)));
    if (why !== undefined)
      tell(path, 'bad-address', `${written} ${why}`, {
        found: written,
        isFatal: bytes.every((byte) => byte === 0),
      });
    else if (taken.has(address))
      tell(path, 'bad-address', `the container has the address ${address} twice`, {
        found: written,
        isFatal: isRouted,
      });
    taken.add(address);
  }
}

/** Why no single container has it; undefined of any other, and of what the host itself has. */
function nobodys(bytes: Buffer, isRouted: boolean): string | undefined {
  const [first = 0] = bytes;
  if (bytes.length === 4) {
    if (first === 0) return 'is no address: 0.0.0.0/8 stands for a host that has none yet';
    return first >= 224 ? 'is no address that a single container can have' : undefined;
  }
  if (bytes.every((byte) => byte === 0)) return 'is no address: it stands for a host that has none yet';
  if (first === 0xff) return 'is no address that a single container can have';
  if (bytes.subarray(0, 10).every((byte) => byte === 0) && bytes.readUInt16BE(10) === 0xffff)
    return `is an IPv4 address in the form of an IPv6 one, which no packet has: write ${bytes.subarray(12).join('.')}`;
  if (isRouted && isLinkLocal(bytes))
    return 'holds on one link alone, and nobody has a route to it: each link has one of its own anyway';
  return undefined;
}

/** Of a network with room for hosts the first address is its name, and the last one everybody's. */
function networks(bytes: Buffer, prefix: number): string | undefined {
  if (prefix === 0 || prefix > 30) return undefined;
  const mask = 2 ** (32 - prefix) - 1;
  const host = (bytes.readUInt32BE() & mask) >>> 0;
  if (host === 0) return `is the network of ${prefix} bits itself, and no address in it`;
  return host === mask ? `is the broadcast address of its network of ${prefix} bits` : undefined;
}

/** liblxc sets one default route of each family, by a link that is up and has an address of it; the others are set as they stand. */
function lookAtRoutes(link: Link, taken: Map<string, string>, tell: Tell): void {
  if (link.type === 'ethernet' || link.link?.state === 'down') return;
  const seen = new Set<string>();
  for (const [at, route] of (link.routes ?? []).entries()) {
    const tellHere: Tell = (path, ...rest) => tell(`/route[${at + 1}]${path}`, ...rest);
    const version = route.family === 'ipv6' ? 'IPv6' : 'IPv4';
    if (!lookAtGateway(link, route, tellHere)) continue;
    if (isDefaultRoute(route)) {
      const earlier = taken.get(version);
      taken.set(version, route.gateway);
      if (earlier !== undefined)
        tellHere(
          '',
          'conflict',
          `a second default route for ${version}: a container has one, here by ${earlier}`,
          {
            isFatal: true,
          },
        );
      continue;
    }
    const key = `${networkOf(route)} ${route.metric ?? 0}`;
    if (seen.has(key) || ((route.metric ?? 0) === 0 && ownNetworks(link).has(networkOf(route))))
      tellHere('', 'conflict', `the interface has a route to ${networkOf(route)} already`, { isFatal: true });
    seen.add(key);
  }
}

/** Whether the container can send to it at all; where not, it is told. */
function lookAtGateway({ ips = [], routes = [] }: Link, route: Route, tell: Tell): boolean {
  const { family, gateway: written } = route;
  const gateway = normalAddress(written);
  const version = family === 'ipv6' ? 'IPv6' : 'IPv4';
  const own = ips.filter((one) => one.family === family);
  const nobody = nobodys(addressBytes(gateway), false);
  const isNear = (): boolean =>
    isDefaultRoute(route) ||
    isLinkLocal(addressBytes(gateway)) ||
    own.some((one) => networkOf(one) === networkOf({ ...one, address: gateway })) ||
    routes.some((one) => isDefaultRoute(one) && normalAddress(one.gateway) === gateway);
  const why =
    nobody !== undefined
      ? `the gateway ${written} ${nobody}`
      : own.length === 0
        ? `a route for ${version} needs an ${version} address on its interface: give it an <ip>`
        : own.some(({ address }) => normalAddress(address) === gateway)
          ? `the gateway ${gateway} is the container's own address`
          : isNear()
            ? undefined
            : `the gateway ${gateway} is in no network of its interface`;
  if (why === undefined) return true;
  tell('/@gateway', 'bad-address', why, {
    found: written,
    isFatal: own.length === 0 || !isDefaultRoute(route),
  });
  return false;
}

/** Each port of the host leads to one place; all of them lead somewhere only where others than the host's own are left. */
function lookAtForwards({ type, portForwards = [] }: Interface, taken: PortForward[], tell: Tell): void {
  if (type !== 'network') return;
  for (const [at, said] of portForwards.entries()) {
    const path = `/portForward[${at + 1}]`;
    if (said.dev !== undefined && !/^[\w.@+-]+$/.test(said.dev))
      tell(`${path}/@dev`, 'bad-value', `'${said.dev}' is no name of a link of the host`, {
        found: said.dev,
      });
    const isAll = (said.ranges ?? []).every(({ exclude }) => exclude === true);
    if (isAll && (said.address === undefined || isUnspecified(said.address)))
      tell(
        path,
        'conflict',
        'without a range and an address it would take every port of the host, its own ssh among them: give it ranges, or an address',
      );
    for (const forward of forwardsIn(said)) {
      const shared = taken.map((one) => sharedPorts(one, forward)).find((one) => one !== undefined);
      if (shared !== undefined) tell(path, 'conflict', `${shared} is forwarded twice`);
      taken.push(forward);
    }
  }
}

const ownNetworks = ({ ips = [] }: Link): Set<string> => new Set(ips.map(networkOf));

/** With its prefix, of which the document may say nothing. */
function networkOf({
  address,
  family,
  prefix,
  netmask,
}: Pick<Route, 'address' | 'family' | 'prefix' | 'netmask'>): string {
  const bits = prefix ?? (netmask === undefined ? commonPrefix(family) : prefixOf(netmask)) ?? 0;
  const bytes = addressBytes(normalAddress(address)).map((byte, at) => {
    const free = Math.min(8, Math.max(0, 8 * (at + 1) - bits));
    return (byte >> free) << free;
  });
  return `${normalAddress(addressText(Buffer.from(bytes)))}/${bits}`;
}

const isLinkLocal = ([first = 0, second = 0]: Buffer): boolean => first === 0xfe && (second & 0xc0) === 0x80;
