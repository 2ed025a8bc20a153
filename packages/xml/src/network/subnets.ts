// The addresses of a network beside each other: subnets, DHCP and routes.
// SPDX-License-Identifier: Apache-2.0
import type { Report } from '../schema/report.js';
import { givesOut } from './dhcp.js';
import type { NetworkIp } from './ip.js';
import type { NetworkRoute } from './route.js';
import { isWithin, overlap, subnetOf } from './subnet.js';

/** What of a network is asked here; a `Network` has it. */
interface Addressed {
  readonly ips?: readonly NetworkIp[] | undefined;
  readonly routes?: readonly NetworkRoute[] | undefined;
}

/** No address is in two subnets, DHCP answers in one of each family, and gateways are members. */
export function checkSubnets({ ips = [], routes = [] }: Addressed, report: Report): void {
  const subnets = ips.map((ip) => subnetOf(ip));
  for (const [index, subnet] of subnets.entries()) {
    if (subnet === undefined) continue;
    const other = subnets.slice(0, index).findIndex((one) => one !== undefined && overlap(one, subnet));
    const { address } = ips[index] ?? {};
    if (other >= 0)
      report.error(
        'taken-twice',
        ['ips', index, 'address'],
        `the network of '${address}' has addresses of that of '${ips[other]?.address}'`,
        { ...(address !== undefined && { found: address }) },
      );
  }
  for (const family of ['ipv4', 'ipv6'] as const) {
    const [, second] = ips.flatMap(({ dhcp }, index) =>
      dhcp !== undefined && givesOut(dhcp) && subnets[index]?.family === family ? [index] : [],
    );
    if (second !== undefined)
      report.error('conflict', ['ips', second, 'dhcp'], `another <ip> of ${family} has <dhcp>, too`, {
        expected: 'one of each family',
      });
  }
  for (const [index, { gateway }] of routes.entries())
    if (!subnets.some((subnet) => subnet !== undefined && isWithin(subnet, gateway)))
      report.error(
        'outside-subnet',
        ['routes', index, 'gateway'],
        `the gateway '${gateway}' is not within the network of any <ip>`,
        { found: gateway },
      );
}
