// Addresses that nobody around a host expects there: of networks that it has no link in.
// SPDX-License-Identifier: Apache-2.0
import { networkOf } from '../host/address-bytes.js';
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

/** Whether an address is in that network. */
export const isIn = ({ address, bits }: HostSubnet, wanted: Buffer): boolean =>
  address.length === wanted.length && networkOf(address, bits).equals(networkOf(wanted, bits));
