// What a domain from elsewhere does not find around a host: links that its interfaces are on, and networks of its addresses.
// SPDX-License-Identifier: Apache-2.0
import { networkOf } from '../host/address-bytes.js';
import { hasLink } from '../host/links.js';
import { type HostSubnet, hostAddresses, hostRoutes } from '../host/subnets.js';
import { addressBytes } from './link-addresses.js';
import { type LinkPlan, prefixOfEnd } from './link-plan.js';

type Asked = Pick<LinkPlan, 'kind' | 'parent' | 'addresses'>;

/** Says so of each address. A bridge without addresses of the host's says nothing of what is around it, nor do cards. */
export function strangers(
  links: readonly Asked[],
  subnets: readonly HostSubnet[] = [...hostAddresses(), ...hostRoutes()],
): string[] {
  return links.flatMap(({ kind, parent, addresses }) => {
    const isMeant = ({ link }: HostSubnet): boolean =>
      kind === 'routed' ? prefixOfEnd(link) === undefined && link !== 'lo' : link === parent;
    const around = kind === 'card' ? [] : subnets.filter(isMeant);
    return addresses.flatMap(({ address }) => {
      const bytes = addressBytes(address);
      const own = around.filter((one) => one.address.length === bytes.length);
      if (own.some((subnet) => isIn(subnet, bytes))) return [];
      if (kind !== 'routed' && own.length === 0) return [];
      const where = kind === 'routed' ? 'no link of that host is' : `${parent} of that host is not`;
      return [`${where} in the network of ${address}: it is reached there only if it is routed there`];
    });
  });
}

/** Says so of each link of the host that its interfaces are to be on, and that is none here: a start is refused before there is one. */
export const absent = (links: readonly string[], isThere: (name: string) => boolean = hasLink): string[] =>
  [...new Set(links)]
    .filter((name) => !isThere(name))
    .map(
      (name) =>
        `there is no link '${name}' on the host, which an interface is to be on: it does not start before there is (ip link shows those there are; \`ctvirt edit\` names another)`,
    );

/** Whether an address is in that network. */
export const isIn = ({ address, bits }: HostSubnet, wanted: Buffer): boolean =>
  address.length === wanted.length && networkOf(address, bits).equals(networkOf(wanted, bits));
