// The links that a document asks for, as they are on the host and inside: their names, addresses, and ways to others.
// SPDX-License-Identifier: Apache-2.0
import { type Domain, type Interface, nameInside, normalAddress } from '@ctvirt/xml';
import { EngineError } from '../errors.js';
import type { LentLink } from '../network/lent-links.js';
import { madeMac } from '../network/link-addresses.js';
import type { LinkPlan } from '../network/link-plan.js';
import { tagsOf } from '../network/port-tags.js';
import { ratesOf } from '../network/rates.js';
import { ROUTED_GATEWAY_V6 } from '../network/routed-link.js';
import { commonPrefix, isDefaultRoute, staticRoutesOf } from '../network/routes.js';
import type { DomainRecord, LinkLease } from '../state/record.js';
import type { Check } from './checks.js';

const linkKinds = new Set(['ethernet', 'bridge', 'network', 'direct', 'hostdev']);

/** What no container can have of links. */
export function linkChecks(domain: Domain): Check[] {
  const { interfaces = [] } = domain.devices;
  return [
    { path: '/domain/devices/interface', refuse: () => refuseTwins(interfaces) },
    { path: '/domain/devices/hostdev', refuse: () => refuseLentTwins(domain) },
    { path: '/domain/devices/interface', refuse: () => refuseTwinCards(interfaces) },
    ...interfaces.map((link, index) => ({
      path: `/domain/devices/interface[${index + 1}]`,
      refuse: () => refuseLink(link, index + 1),
    })),
  ];
}

function refuseLink({ type, vlan }: Interface, number: number): void {
  if (vlan !== undefined) tagsOf(vlan);
  if (!linkKinds.has(type))
    throw new EngineError(
      'unsupported',
      `interface ${number} of type '${type}' cannot be had: ethernet, bridge, network, direct and hostdev are known here`,
    );
}

function refuseTwins(interfaces: readonly Interface[]): void {
  const seen = new Set<string>();
  for (const link of interfaces) {
    const [mac, bridge] = [link.mac?.address, link.type === 'direct' ? undefined : parentOf(link)];
    if (mac === undefined || bridge === undefined) continue;
    if (seen.has(`${mac} ${bridge}`))
      throw new EngineError(
        'invalid',
        `two interfaces on ${bridge} have the hardware address ${mac}: give one of them another`,
      );
    seen.add(`${mac} ${bridge}`);
  }
}

/** A link of the host keeps its name, which no other has inside. */
function refuseLentTwins(domain: Domain): void {
  const taken = new Set((domain.devices.interfaces ?? []).map(({ guest }) => guest?.dev));
  for (const { name } of lentLinksOf(domain)) {
    if (/[\s/]/.test(name) || Buffer.byteLength(name) > 15)
      throw new EngineError('invalid', `'${name}' is no name of a link of the host`);
    if (taken.has(name))
      throw new EngineError('invalid', `two links of the container are to be named ${name}`);
    taken.add(name);
  }
}

function refuseTwinCards(interfaces: readonly Interface[]): void {
  const seen = new Set<string>();
  for (const link of interfaces) {
    if (link.type !== 'hostdev') continue;
    const place = placeOf(link);
    if (seen.has(place))
      throw new EngineError('invalid', `two interfaces are the card at ${place}: it is handed over once`);
    seen.add(place);
  }
}

/** The domain's links in the order of its document. */
export function linksOf(domain: Domain, record: DomainRecord): LinkPlan[] {
  return withOneDefault(eachLink(domain, record), lentLinksOf(domain));
}

/** Links of the host that it asks for. */
const lentLinksOf = ({ devices }: Domain): LentLink[] =>
  (devices.hostdevs ?? []).flatMap((one): LentLink[] => {
    if (one.type !== 'net') return [];
    const { source, ips = [], routes } = one;
    return [
      {
        ...{ name: source.interface, host: source.interface, up: true },
        addresses: ips.map(({ address, prefix, family }) => ({
          address: normalAddress(address),
          prefix: prefix ?? commonPrefix(family),
          family: family === 'ipv6' ? (6 as const) : (4 as const),
        })),
        gateways: gatewaysOf(routes),
        routes: staticRoutesOf(routes),
      },
    ];
  });

/** All that it has of the host's links: those, and the cards among its interfaces. */
export const lentIn = (domain: Domain, record: DomainRecord): LentLink[] => [
  ...lentLinksOf(domain),
  ...linksOf(domain, record).flatMap((link) => (link.kind === 'card' ? [cardOf(link)] : [])),
];

const cardOf = ({
  name,
  parent = '',
  place,
  mac,
  mtu,
  up,
  addresses,
  gateways,
  routes,
}: LinkPlan): LentLink => ({
  ...{ name, host: parent, up, addresses, gateways },
  ...(place !== undefined && { place }),
  ...(mac !== '' && { mac }),
  ...(mtu !== undefined && { mtu }),
  ...(routes !== undefined && { routes }),
});

/** What a document's links have of networks, by the record. */
export const leasesOf = (domain: Domain, record: DomainRecord): LinkLease[] =>
  eachLink(domain, record).flatMap(({ lease }) => lease ?? []);

/** A link of a document, and what its domain's record has for it. */
interface EachLink {
  readonly link: Interface;
  readonly plan: LinkPlan;
  readonly lease: LinkLease | undefined;
}

/** In the order of the document, each by itself. */
export function eachLink(domain: Domain, record: DomainRecord): EachLink[] {
  const interfaces = domain.devices.interfaces ?? [];
  const taken = new Set(
    interfaces.flatMap(({ guest, target }) => [numberIn(guest?.dev), numberIn(target?.dev)]),
  );
  for (const { name } of lentLinksOf(domain)) taken.add(numberIn(name));
  return interfaces.map((link, index) => {
    if (link.guest?.dev !== undefined && link.target?.dev !== undefined) return eachOf(link, index, record);
    // Its place, unless one that is there for longer has that number: those before it may have been taken away.
    let number = index;
    if (taken.has(number)) for (number = 0; taken.has(number); number++);
    taken.add(number);
    return eachOf(link, number, record);
  });
}

function eachOf(link: Interface, index: number, record: DomainRecord): EachLink {
  const plan = linkOf(link, index, record);
  const lease =
    link.type === 'network'
      ? record.leases?.find(({ network, mac }) => network === link.source.network && mac === plan.mac)
      : undefined;
  return { link, plan: lease === undefined ? plan : withLease(plan, lease), lease };
}

/** What the document says of a family is all that the link has of it. */
function withLease(plan: LinkPlan, lease: LinkLease): LinkPlan {
  const isSaid = (family: 4 | 6): boolean => plan.addresses.some((one) => one.family === family);
  const isRouted = (family: 4 | 6): boolean => plan.gateways.some((one) => one.family === family);
  const gateways = plan.up ? lease.gateways.filter(({ family }) => !isSaid(family) && !isRouted(family)) : [];
  return {
    ...plan,
    addresses: [
      ...plan.addresses,
      ...lease.addresses.flatMap((one) => (isSaid(one.family) ? [] : [{ ...one, isKept: true }])),
    ],
    gateways: [...plan.gateways, ...gateways],
    ...(lease.absent !== undefined && { absent: lease.absent }),
  };
}

/** A container has one default route of each family: the document's own, else that of the first link that is routed or given one. */
function withOneDefault(links: readonly EachLink[], lent: readonly LentLink[]): LinkPlan[] {
  const isGiven = ({ plan, lease }: EachLink, gateway: string): boolean =>
    plan.kind === 'routed' || lease?.gateways.some(({ address }) => address === gateway) === true;
  const own = links.flatMap((one) =>
    one.plan.gateways.flatMap(({ address, family }) => (isGiven(one, address) ? [] : [family])),
  );
  const lentOnes = lent.flatMap(({ gateways }) => gateways.map(({ family }) => family));
  const taken = new Set<number>([...own, ...lentOnes]);
  return links.map((one) => {
    const gateways = one.plan.gateways.filter(({ address, family }) => {
      if (!isGiven(one, address)) return true;
      if (taken.has(family)) return false;
      taken.add(family);
      return true;
    });
    return { ...one.plan, gateways };
  });
}

/** Of a name that is made by number, inside or on the host. */
const numberIn = (name: string | undefined): number =>
  Number(/^(?:eth|cv[0-9a-z]+\.)(\d+)$/.exec(name ?? '')?.[1] ?? -1);

/** What a document says of where its links are: addresses, and what of the host each is on. */
export const placesOf = ({ devices }: Domain): Pick<LinkPlan, 'kind' | 'parent' | 'addresses'>[] =>
  (devices.interfaces ?? []).map((link) => ({
    kind: kindOf(link),
    parent: parentOf(link),
    addresses: addressesOf(link),
  }));

/** Links of the host that it names; what a network stands on is that one's. */
export const parentsOf = ({ devices }: Domain): string[] =>
  (devices.interfaces ?? []).flatMap((link) =>
    link.type === 'bridge' || link.type === 'direct' ? (parentOf(link) ?? []) : [],
  );

const addressesOf = (link: Interface): LinkPlan['addresses'] =>
  (link.ips ?? []).map(({ address, prefix, family }) => ({
    address: normalAddress(address),
    prefix: link.type === 'ethernet' ? wholePrefix(family) : (prefix ?? commonPrefix(family)),
    family: family === 'ipv6' ? (6 as const) : (4 as const),
  }));

function linkOf(link: Interface, index: number, record: DomainRecord): LinkPlan {
  const addresses = addressesOf(link);
  const routed = link.type === 'ethernet';
  const up = link.link?.state !== 'down';
  const name = nameInside(link, index);
  const kind = kindOf(link);
  return {
    kind,
    ...(link.type === 'network' && link.source.bridge !== undefined && { network: link.source.network }),
    parent: parentOf(link),
    ...(link.type === 'hostdev' && { place: placeOf(link) }),
    macvlanMode: macvlanModeOf(link),
    name,
    hostName: hostNameOf(link, index, record),
    // By its name: its place may change while it is there.
    mac: link.mac?.address ?? (kind === 'card' ? '' : madeMac(record.uuid, name)),
    isTrusted: link.trustGuestRxFilters === true,
    filter: link.filterref && { name: link.filterref.filter, parameters: link.filterref.parameters ?? [] },
    isIsolated: link.port?.isolated === true,
    ...(kind === 'bridge' && link.vlan !== undefined && { tags: tagsOf(link.vlan) }),
    mtu: link.mtu?.size,
    up,
    addresses,
    // No way leads over a link that is down: the kernel has none, and liblxc refuses it.
    gateways: !up ? [] : routed ? routedGateways(addresses) : gatewaysOf(link.routes),
    ...(up && !routed && { routes: staticRoutesOf(link.routes) }),
    rates: ratesOf(link.bandwidth),
  };
}

function kindOf(link: Interface): LinkPlan['kind'] {
  if (link.type === 'ethernet') return 'routed';
  if (link.type === 'hostdev') return 'card';
  return sharedLink(link) === undefined ? 'bridge' : 'macvlan';
}

/** As the kernel writes it; throws `invalid` for what is no place on a PCI bus. */
export function placeOf({ source }: Extract<Interface, { type: 'hostdev' }>): string {
  const { type, domain, bus, slot, function: part } = source.address;
  const digits = (
    text: string | undefined,
    [what, width, most]: readonly [string, number, number],
  ): string => {
    const value = /^(?:0x[0-9a-f]+|\d+)$/i.test(text ?? '0') ? Number(text ?? 0) : most + 1;
    if (value > most) throw new EngineError('invalid', `a PCI device has no ${what} ${text}`);
    return value.toString(16).padStart(width, '0');
  };
  if (type !== 'pci')
    throw new EngineError(
      'unsupported',
      `an interface of type hostdev is a card on a PCI bus, and not on one of type '${type ?? ''}': hand it over by its name, in a <hostdev mode='capabilities' type='net'>`,
    );
  const [first, second] = [digits(domain, ['domain', 4, 0xffff_ffff]), digits(bus, ['bus', 2, 0xff])];
  return `${first}:${second}:${digits(slot, ['slot', 2, 0x1f])}.${digits(part, ['function', 1, 7])}`;
}

/** A routed address is the container's alone, whatever prefix the document gives: all else goes by the host. */
const wholePrefix = (family: string): number => (family === 'ipv6' ? 128 : 32);

/** The link of the host that it stands on, where that is no bridge; of a network it stands in the document of a run. */
function sharedLink(link: Interface): { readonly dev: string; readonly mode: string } | undefined {
  if (link.type === 'direct') return link.source;
  if (link.type !== 'network' || link.source.dev === undefined) return undefined;
  return { dev: link.source.dev, mode: link.source.mode ?? 'bridge' };
}

/** In the kernel's words. */
function macvlanModeOf(link: Interface): string | undefined {
  const mode = sharedLink(link)?.mode;
  return mode === 'passthrough' ? 'passthru' : mode;
}

function parentOf(link: Interface): string | undefined {
  switch (link.type) {
    case 'bridge':
      return link.source.bridge;
    case 'network':
      return link.source.bridge ?? link.source.dev ?? link.source.network;
    case 'direct':
    case 'hostdev':
      return link.source.dev;
    default:
      return undefined;
  }
}

/**
 * The host's end carries a name by which `check` knows it for ours: the id range makes it unlike any other daemon's.
 * A name like vnet%d leaves the number to us.
 */
function hostNameOf(link: Interface, index: number, record: DomainRecord): string | undefined {
  const kind = kindOf(link);
  if (kind === 'macvlan' || kind === 'card') return undefined;
  const wanted = link.target?.dev;
  if (wanted !== undefined && !wanted.includes('%')) return wanted;
  return `${linkPrefixOf(record)}.${index}`;
}

/** What the host's ends of a domain's links begin with, before a dot and a number. */
export function linkPrefixOf({ ids, uuid }: Pick<DomainRecord, 'ids' | 'uuid'>): string {
  return ids === null ? `cvx${uuid.slice(0, 8)}` : `cv${Math.floor(ids.start / ids.count).toString(36)}`;
}

/** `dev` makes the link itself the default route, as for OpenVZ's venet. */
function routedGateways(addresses: LinkPlan['addresses']): LinkPlan['gateways'] {
  return ([4, 6] as const)
    .filter((family) => addresses.some((one) => one.family === family))
    .map((family) => ({ address: family === 4 ? 'dev' : ROUTED_GATEWAY_V6, family }));
}

function gatewaysOf(routes: Interface['routes']): LinkPlan['gateways'] {
  return (routes ?? []).filter(isDefaultRoute).map(({ gateway, family }) => ({
    address: normalAddress(gateway),
    family: family === 'ipv6' ? (6 as const) : (4 as const),
  }));
}
