// What tells others where to send or what they are called: said by no container, unless a filter lets it through by name.
// SPDX-License-Identifier: Apache-2.0
import { attributesOf } from './fields.js';
import type { FilterRule } from './tree.js';

/** Leases of either family, routers of either, groups (who wants which), and the tree of bridges. */
export const guidances = ['dhcp4', 'dhcp6', 'router4', 'router6', 'groups', 'stp'] as const;
/** One of them. */
export type Guidance = (typeof guidances)[number];

/** Which of them a rule that lets go out what a domain sends names. */
export function guidanceIn({ action, direction, match }: FilterRule): Guidance[] {
  if (action !== 'accept' || direction === 'in' || match === undefined || match.match === false) return [];
  const said = attributesOf(match);
  const holds = (from: string, to: string, number: number): boolean => {
    const first = said.get(from);
    return first !== undefined && Number(first) <= number && number <= Number(said.get(to) ?? first);
  };
  const isUdp = match.kind.startsWith('udp') || ['udp', '17', '0x11'].includes(said.get('protocol') ?? '');
  const answers = (server: number, client: number): boolean =>
    isUdp &&
    (holds('srcportstart', 'srcportend', server) || holds('dstportstart', 'dstportend', client)) &&
    !holds('dstportstart', 'dstportend', server);
  const is6 = match.kind.includes('v6');
  const type = (number: number): boolean => match.kind !== 'stp' && holds('type', 'typeend', number);
  const isIcmp6 = match.kind === 'icmpv6' || (match.kind === 'ipv6' && said.has('type'));
  const named: readonly (readonly [Guidance, boolean])[] = [
    ['dhcp4', !is6 && answers(67, 68)],
    ['dhcp6', is6 && answers(547, 546)],
    ['router4', match.kind === 'icmp' && (type(5) || type(9))],
    ['router6', isIcmp6 && (type(134) || type(137))],
    ['groups', match.kind === 'igmp' || (isIcmp6 && type(130))],
    ['stp', match.kind === 'stp'],
  ];
  return named.flatMap(([guidance, isNamed]) => (isNamed ? [guidance] : []));
}
