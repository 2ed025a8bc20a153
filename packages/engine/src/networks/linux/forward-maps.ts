// Ports of the host that members answer at, as maps of nftables: a few looks for a new connection, however many there are.
// SPDX-License-Identifier: Apache-2.0
import { addressBytes, addressText, isUnspecified } from '../../host/address-bytes.js';
import type { Family, Member, PortForward } from '../contract/plan.js';
import { address, isLinkName } from './words.js';

/** A map of nftables. */
export interface ForwardMap {
  readonly name: string;
  readonly type: string;
  readonly elements: readonly string[];
}

/** What a forward asks of a packet beside protocol and port. */
interface Kind {
  readonly name: string;
  readonly hasAddress: boolean;
  readonly hasDev: boolean;
}

/** Those that say more come first. */
const kinds: readonly Kind[] = [
  { name: 'at_by', hasAddress: true, hasDev: true },
  { name: 'at', hasAddress: true, hasDev: false },
  { name: 'any_by', hasAddress: false, hasDev: true },
  { name: 'any', hasAddress: false, hasDev: false },
];

const types = { 4: 'ipv4_addr', 6: 'ipv6_addr' } as const;
const words = { 4: 'ip', 6: 'ip6' } as const;
const isOf = (family: Family, text: string): boolean => text.includes(':') === (family === 6);

/** A forward, and where it leads. */
export interface Led {
  readonly forward: PortForward;
  readonly to: string;
  readonly family: Family;
}

/** Of one family of a member's addresses, its first one. */
export interface Answering {
  readonly family: Family;
  readonly member: Member;
}

/** Maps, and the rules that look into them; neither without a forward. */
export function forwardMaps(members: readonly Answering[]): {
  maps: ForwardMap[];
  rules: string[];
} {
  const found = ([4, 6] as const).flatMap((family) => {
    const led = members.filter((one) => one.family === family).flatMap(ledTo);
    return kinds.flatMap((kind) => mapsOf(kind, led, family));
  });
  return { maps: found.map(({ map }) => map), rules: found.map(({ rule }) => rule) };
}

/** Where the forwards of a member lead. */
export function ledTo({ family, member: { addresses, forwards = [] } }: Answering): Led[] {
  const own = addresses.find((one) => isOf(family, one));
  if (own === undefined) return [];
  const to = addressText(addressBytes(address(own)));
  return forwards
    .filter(
      ({ address: at, dev }) =>
        (at === undefined || isOf(family, at)) && (dev === undefined || isLinkName(dev)),
    )
    .map(({ address: at, ...forward }) => ({
      forward: { ...forward, address: at === undefined || isUnspecified(at) ? undefined : at },
      to,
      family,
    }));
}

/** Ports that stay the same are one element for a range; others one each, since a map has one target for each key. */
function mapsOf(
  { name, hasAddress, hasDev }: Kind,
  all: readonly Led[],
  family: Family,
): { map: ForwardMap; rule: string }[] {
  const led = all.filter(
    ({ forward }) => (forward.address !== undefined) === hasAddress && (forward.dev !== undefined) === hasDev,
  );
  const keys = [
    ...(hasDev ? [['ifname', 'iifname']] : []),
    ...(hasAddress ? [[types[family], `${words[family]} daddr`]] : []),
    ['inet_proto', 'meta l4proto'],
    ['inet_service', 'th dport'],
  ];
  const key = keys.map(([type]) => type).join(' . ');
  const looks = keys.map(([, look]) => look).join(' . ');
  const local = hasAddress ? '' : `meta nfproto ipv${family} fib daddr type local `;
  const of = (what: string, type: string, elements: readonly string[]) =>
    elements.length === 0
      ? []
      : [
          {
            map: { name: `${name}${what}${family}`, type: `type ${key} : ${type}`, elements },
            rule: `${local}dnat ${words[family]} to ${looks} map @${name}${what}${family}`,
          },
        ];
  const isMoved = ({ forward: { start, to } }: Led): boolean => start !== to;
  return [
    ...of('', `${types[family]} . inet_service`, portsOf(led.filter(isMoved))),
    ...of('_same', `${types[family]}; flags interval`, rangesOf(led.filter((one) => !isMoved(one)))),
  ];
}

/** What a key begins with. */
function placeOf({ protocol, address: at, dev }: PortForward): string {
  const link = dev === undefined ? '' : `"${dev}" . `;
  const host = at === undefined ? '' : `${addressText(addressBytes(address(at)))} . `;
  return `${link}${host}${protocol}`;
}

/** Two of one key would be refused, and all others with them. */
function portsOf(led: readonly Led[]): string[] {
  const elements = new Map<string, string>();
  for (const { forward, to } of led)
    for (let port = forward.start; port <= Math.min(forward.end, 65_535); port++) {
      const key = `${placeOf(forward)} . ${port}`;
      if (!elements.has(key)) elements.set(key, `${key} : ${to} . ${forward.to + port - forward.start}`);
    }
  return [...elements.values()];
}

/** Likewise two that overlap. */
function rangesOf(led: readonly Led[]): string[] {
  const last = new Map<string, number>();
  const inOrder = [...led].sort((a, b) => a.forward.start - b.forward.start);
  return inOrder.flatMap(({ forward, to }) => {
    const place = placeOf(forward);
    const start = Math.max(forward.start, (last.get(place) ?? 0) + 1);
    if (start > forward.end) return [];
    last.set(place, forward.end);
    return [`${place} . ${start === forward.end ? start : `${start}-${forward.end}`} : ${to}`];
  });
}
