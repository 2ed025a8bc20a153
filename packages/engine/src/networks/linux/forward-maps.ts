// Ports of the host that members answer at, as maps of nftables: one look for a new connection, however many there are.
// SPDX-License-Identifier: Apache-2.0
import { addressBytes, addressText } from '../../host/address-bytes.js';
import type { Family, Member, PortForward } from '../contract/plan.js';
import { address } from './words.js';

/** A map of nftables. */
export interface ForwardMap {
  readonly name: string;
  readonly type: string;
  readonly elements: readonly string[];
}

const types = { 4: 'ipv4_addr', 6: 'ipv6_addr' } as const;
const words = { 4: 'ip', 6: 'ip6' } as const;
const isOf = (family: Family, text: string): boolean => text.includes(':') === (family === 6);

/** Maps, and the rules that look into them; neither without a forward. */
export function forwardMaps(members: readonly { readonly family: Family; readonly member: Member }[]): {
  maps: ForwardMap[];
  rules: string[];
} {
  const found = ([4, 6] as const).flatMap((family) => {
    const own = members.filter((one) => one.family === family).map(({ member }) => member);
    const [aimed, any] = [true, false].map((isAimed) => elementsOf(own, family, isAimed));
    const key = 'inet_proto . inet_service';
    const target = `${types[family]} . inet_service`;
    const looks = 'meta l4proto . th dport';
    return [
      {
        map: {
          name: `at${family}`,
          type: `type ${types[family]} . ${key} : ${target}`,
          elements: aimed ?? [],
        },
        rule: `dnat ${words[family]} to ${words[family]} daddr . ${looks} map @at${family}`,
      },
      {
        map: { name: `any${family}`, type: `type ${key} : ${target}`, elements: any ?? [] },
        rule: `meta nfproto ipv${family} fib daddr type local dnat ${words[family]} to ${looks} map @any${family}`,
      },
    ].filter(({ map }) => map.elements.length > 0);
  });
  return { maps: found.map(({ map }) => map), rules: found.map(({ rule }) => rule) };
}

/** Two of one key would be refused, and all others with them. */
function elementsOf(members: readonly Member[], family: Family, isAimed: boolean): string[] {
  const elements = new Map<string, string>();
  for (const { addresses, forwards = [] } of members) {
    const own = addresses.find((one) => isOf(family, one));
    if (own === undefined) continue;
    const to = addressText(addressBytes(address(own)));
    for (const forward of forwards.filter((one) => (one.address !== undefined) === isAimed))
      for (const [key, port] of portsOf(forward, family))
        if (!elements.has(key)) elements.set(key, `${key} : ${to} . ${port}`);
  }
  return [...elements.values()];
}

/** A range that moves is one element for each port: a map has one target for each key. */
function portsOf({ protocol, address: at, start, end, to }: PortForward, family: Family): [string, number][] {
  if (at !== undefined && !isOf(family, at)) return [];
  const host = at === undefined ? '' : `${addressText(addressBytes(address(at)))} . `;
  const count = Math.max(0, Math.min(end, 65535) - start + 1);
  return Array.from({ length: count }, (_, more) => [`${host}${protocol} . ${start + more}`, to + more]);
}
