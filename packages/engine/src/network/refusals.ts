// What this host makes impossible for links and addresses of a container, said before anything is made.
// SPDX-License-Identifier: Apache-2.0
import { commandFor } from '@ctvirt/xml';
import { EngineError } from '../errors.js';
import { linkNamed } from '../host/host-links.js';
import { hasLink } from '../host/links.js';
import { isOwnAddress, routeTo } from '../host/routes.js';
import { addressBytes } from './link-addresses.js';
import type { LinkPlan } from './link-plan.js';
import { refuseVainTags } from './port-tags.js';

/** Of links that are about to come; the domain's own are those whose names begin with `prefix`, and `there`, which it has. */
export function refuseLinks(
  links: readonly LinkPlan[],
  prefix: string,
  there: readonly LinkPlan[] = [],
): void {
  refuseTakenNames(links, prefix);
  refuseMissingParents(links);
  for (const link of links) if (link.kind === 'bridge') refuseOddBridge(link);
  for (const link of links) if (link.kind === 'macvlan') refuseOddParent(link);
  refuseHostAddresses(links.flatMap(({ addresses }) => addresses.map(({ address }) => address)));
  const own = new Set([...there, ...links].map(({ hostName }) => hostName));
  for (const { address, link } of routedElsewhere(links))
    if (link === undefined || !(own.has(link) || link.startsWith(`${prefix}.`)))
      throw new EngineError('exists', elsewhere(address, link), {
        address,
        ...(link !== undefined && { link }),
      });
}

/** Addresses that a link is to have a route to, and another has one to that the kernel prefers, or does not let stand beside it. */
export function routedElsewhere(
  links: readonly Pick<LinkPlan, 'kind' | 'addresses'>[],
): { address: string; link: string | undefined; index: number }[] {
  return links.flatMap(({ kind, addresses }, index) =>
    kind !== 'routed'
      ? []
      : addresses.flatMap(({ address, family }) => {
          const route = routeTo(addressBytes(address));
          return route === undefined || route.metric > ownMetrics[family]
            ? []
            : [{ address, link: route.link, index }];
        }),
  );
}

/** Of a route that says nothing of it. */
const ownMetrics = { 4: 0, 6: 1024 } as const;

export const elsewhere = (address: string, link: string | undefined): string =>
  `the address ${address} is routed ${link === undefined ? 'elsewhere' : `to ${link}`} on this host: give the interface another, or take that route away (ip route get ${address} shows it)`;

/** A name from a document may be that of a link of the host's own, which the wall must not be built around. */
function refuseTakenNames(links: readonly LinkPlan[], prefix: string): void {
  for (const { hostName } of links)
    if (hostName !== undefined && !hostName.startsWith(`${prefix}.`) && hasLink(hostName))
      throw new EngineError(
        'exists',
        `the host has a link named '${hostName}': give the interface another <target dev>`,
      );
}

function refuseMissingParents(links: readonly LinkPlan[]): void {
  // A card may be inside by now.
  for (const { kind, name, parent, network } of links)
    if (kind !== 'card' && parent !== undefined && !hasLink(parent))
      throw new EngineError(
        'host-command',
        network === undefined
          ? `this host has no ${kind === 'bridge' ? 'bridge' : 'link'} '${parent}', which interface ${name} is to be on: make it, or name another (ip link shows them)`
          : `network '${network}' was stopped meanwhile, on which interface ${name} is to be: \`${commandFor('network start', [network])}\``,
        { link: parent },
      );
}

/** Those of Open vSwitch have the kind of its module, or are made of a tun. */
const bridgeKinds = ['bridge', 'openvswitch', 'tun'];

/** A port is none of the host's links, nor of a container's, and has not the hardware address of the bridge. */
function refuseOddBridge({ name, parent = '', mac, tags }: LinkPlan): void {
  const found = linkNamed(parent);
  if (found === undefined) return;
  if (tags !== undefined) refuseVainTags(name, parent);
  if (!bridgeKinds.includes(found.kind))
    throw new EngineError(
      'host-command',
      `'${parent}' is no bridge, and interface ${name} is to be on it: name a bridge (ip link show type bridge)`,
      { link: parent },
    );
  if (found.mac === mac)
    throw new EngineError(
      'exists',
      `the bridge ${parent} itself has the hardware address ${mac}: give interface ${name} another`,
      { mac },
    );
}

/** The kernel makes no macvlan on the loopback link, nor one with larger packets than what it is on has. */
function refuseOddParent({ name, parent = '', mtu = 0 }: LinkPlan): void {
  const most = linkNamed(parent)?.mtu ?? mtu;
  const why =
    parent === 'lo'
      ? 'is the loopback link, which nobody shares'
      : mtu > most
        ? `has packets of ${most} bytes at most, and ${name} is to have ${mtu}`
        : undefined;
  if (why === undefined) return;
  throw new EngineError(
    'host-command',
    `'${parent}' ${why}: give interface ${name} another <source> or <mtu>`,
    {
      link: parent,
    },
  );
}

type Port = Pick<LinkPlan, 'kind' | 'parent' | 'mac'>;

/** Two with one hardware address on one bridge would take turns. */
export function refuseOthersMacs(links: readonly Port[], others: readonly Port[]): void {
  const placeOf = ({ kind, parent = '', mac }: Port): string => `${kind} ${parent} ${mac}`;
  const taken = new Set(others.map(placeOf));
  for (const link of links)
    if (link.kind === 'bridge' && taken.has(placeOf(link)))
      throw new EngineError(
        'exists',
        `another running domain has the hardware address ${link.mac} on ${link.parent}: give the interface another`,
        { mac: link.mac },
      );
}

/** Asked at define and at each start: the host may have come to an address since. */
export function refuseHostAddresses(addresses: Iterable<string>): void {
  for (const address of addresses) {
    const bytes = addressBytes(address);
    if (isOfGroup(bytes))
      throw new EngineError('invalid', `${address} is no address that a single container can have`, {
        address,
      });
    if (isOwnAddress(bytes))
      throw new EngineError(
        'exists',
        `the host itself has the address ${address}: give the interface another`,
        {
          address,
        },
      );
    if (routeTo(bytes)?.kind === 'broadcast')
      throw new EngineError(
        'invalid',
        `${address} is the broadcast address of a network of the host's: give the interface another`,
        { address },
      );
  }
}

/** Multicast; of IPv4 also what is reserved, and broadcast. */
const isOfGroup = (bytes: Buffer): boolean =>
  bytes.length === 4 ? bytes.readUInt8(0) >= 224 : bytes.readUInt8(0) === 0xff;
