// <ip>: an address of the host on a network, and what its subnet is offered.
// SPDX-License-Identifier: Apache-2.0
import { addressWidth, familyOf, prefixOf } from '../address.js';
import { attribute, child, element, setting } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import type { Report } from '../schema/report.js';
import { integer, ipAddress, nonEmptyText, yesNo } from '../schema/scalar.js';
import { statedFamily } from './address.js';
import { checkDhcp, dhcp } from './dhcp.js';
import { type Subnet, subnetOf } from './subnet.js';

/** Several of both families may stand; their subnets have no address in common. */
export const networkIp = element(
  'ip',
  {
    doc: 'An address of the host on the network, and what its subnet is offered.',
    since: '0.3.0',
    hasBothTags: true,
    example:
      "<ip address='192.168.122.1' netmask='255.255.255.0'>\n  <dhcp>\n    <range start='192.168.122.2' end='192.168.122.254'/>\n  </dhcp>\n</ip>",
    fields: {
      family: statedFamily,
      address: attribute(ipAddress, { doc: 'The address.', required: true }),
      netmask: attribute(ipAddress, { doc: 'The subnet as a mask, of IPv4, in place of a prefix.' }),
      prefix: attribute(integer(0, 128), {
        doc: 'Length of its prefix; that of its class when neither is said, or 64.',
        zeroIsUnset: true,
      }),
      localPtr: attribute(yesNo, {
        doc: 'Whether names of its addresses are asked for here alone.',
        since: '3.0.0',
      }),
      tftpRoot: setting('tftp', 'root', nonEmptyText, {
        doc: 'The folder whose files are served by TFTP, with IPv4.',
        since: '0.7.1',
      }),
      dhcp: child(dhcp),
    },
  },
  {
    libvirt: (model) =>
      familyOf(model.address) === 'ipv6' && model.dhcp !== undefined
        ? { ...model, dhcp: { ...model.dhcp, bootp: undefined } }
        : model,
    check(model, report) {
      const subnet = checkSubnet(model, report);
      if (subnet === undefined) return;
      checkReverse(model.localPtr, subnet, report);
      if (model.tftpRoot !== undefined && subnet.family === 'ipv6')
        report.error('conflict', ['tftpRoot'], 'files are served by TFTP with IPv4 alone');
      if (model.dhcp !== undefined) checkDhcp(model.dhcp, subnet, report);
    },
  },
);

/** An address of the host with its subnet, and the addresses of it that are given out. */
export type NetworkIp = Infer<typeof networkIp>;

/** The subnet; undefined, and told, where the statements come to none. */
function checkSubnet(model: NetworkIp, report: Report): Subnet | undefined {
  const { address, family = 'ipv4', netmask, prefix = 0 } = model;
  const actual = familyOf(address);
  if (actual === undefined)
    report.error('bad-address', ['address'], `'${address}' is not an IP address`, {
      found: address,
      expected: 'an IPv4 or IPv6 address',
    });
  else if (actual !== family)
    report.error(
      'bad-address',
      ['address'],
      `'${address}' is an address of ${actual}, and the family ${model.family === undefined ? 'is ipv4 when absent' : `says ${family}`}`,
      { found: address, expected: `family='${actual}'` },
    );
  else if (netmask !== undefined && family === 'ipv6')
    report.error('conflict', ['netmask'], 'an IPv6 address has a prefix, no netmask', {
      expected: "prefix='…'",
    });
  else if (netmask !== undefined && prefix > 0)
    report.error('conflict', ['prefix'], 'an address has either a netmask or a prefix');
  else if (netmask !== undefined && prefixOf(netmask) === undefined)
    report.error('bad-prefix', ['netmask'], `'${netmask}' is no netmask`, {
      found: netmask,
      expected: 'a netmask such as 255.255.255.0',
    });
  else if (prefix > addressWidth[family])
    report.error('bad-prefix', ['prefix'], `the prefix ${prefix} is longer than an ${family} address`, {
      found: String(prefix),
      expected: `0 to ${addressWidth[family]}`,
    });
  else {
    const subnet = subnetOf(model);
    if (subnet === undefined)
      report.error('bad-prefix', [], `'${address}' is of no class that would tell its prefix`, {
        expected: "prefix='…' or netmask='…'",
      });
    return subnet;
  }
  return undefined;
}

/** Zones of the DNS end where a digit of the address does. */
function checkReverse(localPtr: boolean | undefined, { family, prefix }: Subnet, report: Report): void {
  const digit = family === 'ipv4' ? 8 : 4;
  if (localPtr !== true || (prefix > 0 && prefix < addressWidth[family] && prefix % digit === 0)) return;
  report.error('conflict', ['localPtr'], `a prefix of ${prefix} bits is no zone of the DNS`, {
    found: String(prefix),
    expected: `a multiple of ${digit}`,
  });
}
