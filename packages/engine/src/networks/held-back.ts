// What a change of addresses that a network keeps for machines does not do yet: who has one keeps it until it starts again.
// SPDX-License-Identifier: Apache-2.0
import { isHostOf } from './choice.js';
import type { DhcpHost, NetworkPlan } from './contract/plan.js';
import type { Membership } from './membership.js';

/** A sentence for each domain that has another address than it is to have, or one that is now somebody else's. */
export function heldBack(before: NetworkPlan, after: NetworkPlan, members: readonly Membership[]): string[] {
  const had = new Set(hostsOf(before).map((host) => JSON.stringify(host)));
  return hostsOf(after)
    .filter((host) => !had.has(JSON.stringify(host)))
    .flatMap((host) => members.flatMap((member) => sentenceOf(host, member)));
}

const hostsOf = ({ bridge }: NetworkPlan): readonly DhcpHost[] =>
  bridge?.dhcp.flatMap(({ hosts }) => hosts) ?? [];

function sentenceOf(host: DhcpHost, member: Membership): string[] {
  const { address } = host;
  const isOwn = isHostOf(host, member);
  const isThere = address !== undefined && member.addresses.includes(address);
  if (!member.isReserved || address === undefined || isOwn === isThere) return [];
  return isOwn
    ? [`domain '${member.domainName}' has ${address} from its next start on`]
    : [
        `domain '${member.domainName}' has ${address}, and another at its next start: who it is kept for has none before`,
      ];
}
