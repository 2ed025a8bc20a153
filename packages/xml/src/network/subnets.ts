// The addresses of a network beside each other: subnets, DHCP and routes.
// SPDX-License-Identifier: Apache-2.0
import type { Report } from '../schema/report.js';
import { givesOut } from './dhcp.js';
import type { NetworkIp } from './ip.js';
import type { NetworkRoute } from './route.js';
import { clashes, endsOf, type Subnet, subnetAround, subnetOf } from './subnet.js';

/** What of a network is asked here; a `Network` has it. */
interface Addressed {
  readonly ips?: readonly NetworkIp[] | undefined;
  readonly routes?: readonly NetworkRoute[] | undefined;
}

/** No address is in two subnets, DHCP answers in one of each family, and gateways are members. */
export function checkSubnets({ ips = [], routes = [] }: Addressed, report: Report): void {
  const subnets = ips.map((ip) => subnetOf(ip));
  for (const family of ['ipv4', 'ipv6'] as const) {
    const spans = subnets.map((subnet) => (subnet?.family === family ? endsOf(subnet) : undefined));
    for (const [later, earlier] of clashes(spans)) {
      const found = ips[later]?.address ?? '';
      report.error(
        'taken-twice',
        ['ips', later, 'address'],
        `the network of '${found}' has addresses of that of '${ips[earlier]?.address}'`,
        { found },
      );
    }
    const [, second] = ips.flatMap(({ dhcp }, index) =>
      dhcp !== undefined && givesOut(dhcp) && subnets[index]?.family === family ? [index] : [],
    );
    if (second !== undefined)
      report.error('conflict', ['ips', second, 'dhcp'], `another <ip> of ${family} has <dhcp>, too`, {
        expected: 'one of each family',
      });
  }
  const known = new Set(subnets.flatMap((subnet) => (subnet === undefined ? [] : [keyOf(subnet)])));
  const prefixes = [...new Set(subnets.map((subnet) => subnet?.prefix ?? 0))];
  for (const [index, { gateway }] of routes.entries())
    if (!prefixes.some((prefix) => known.has(keyOf(subnetAround(gateway, prefix)))))
      report.error(
        'outside-subnet',
        ['routes', index, 'gateway'],
        `the gateway '${gateway}' is not within the network of any <ip>`,
        { found: gateway },
      );
}

const keyOf = (subnet: Subnet | undefined): string =>
  subnet === undefined ? '' : `${subnet.family} ${endsOf(subnet).first}/${subnet.prefix}`;
