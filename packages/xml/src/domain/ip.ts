// <ip> and <route>: addresses and routes of an interface, of either family.
// SPDX-License-Identifier: Apache-2.0

import { addressWidth, type Family, familyName, familyOf, isNetwork, prefixOf } from '../address.js';
import type { Fields } from '../schema/declaration.js';
import { attribute, element } from '../schema/element.js';
import type { Infer, InferFields } from '../schema/infer.js';
import type { Model } from '../schema/model.js';
import type { Report } from '../schema/report.js';
import { integer, ipAddress, oneOf, positive32 } from '../schema/scalar.js';

const family = oneOf('ipv4', 'ipv6');
const prefixLength = integer(0, 128);

const addressFamily = (model: Model): Family => (String(model.address).includes(':') ? 'ipv6' : 'ipv4');

/** Those of the keys that are said are addresses of any family. */
export function checkAddresses<K extends string>(
  model: { readonly [key in K]?: string | undefined },
  keys: readonly K[],
  report: Report,
): void {
  for (const key of keys) {
    const address = model[key];
    if (address !== undefined && familyOf(address) === undefined)
      report.error('bad-address', [key], `'${address}' is not an IP address`, {
        found: address,
        expected: 'an IPv4 or IPv6 address',
      });
  }
}

function checkAddress(report: Report, key: string, address: string | undefined, wanted: Family): void {
  if (address === undefined) return;
  const actual = familyOf(address);
  if (actual === wanted) return;
  const expected = `an ${familyName[wanted]} address`;
  report.error('bad-address', [key], `'${address}' is not ${expected}`, { found: address, expected });
}

function checkPrefix(report: Report, prefix: number | undefined, wanted: Family): void {
  const most = addressWidth[wanted];
  if (prefix === undefined || prefix <= most) return;
  report.error('bad-prefix', ['prefix'], `the prefix ${prefix} is longer than an ${wanted} address`, {
    found: String(prefix),
    expected: `0 to ${most}`,
  });
}

/** Without prefix and netmask only the default route is a network. */
function checkNetwork(
  report: Report,
  address: string,
  prefix: number | undefined,
  netmask: string | undefined,
): void {
  const length = netmask === undefined ? (prefix ?? 0) : prefixOf(netmask);
  if (familyOf(address) === undefined) return;
  if (length === undefined) {
    if (netmask !== undefined && familyOf(netmask) === 'ipv4')
      report.error('bad-prefix', ['netmask'], `'${netmask}' is no netmask`, { found: netmask });
  } else if (!isNetwork(address, length)) {
    const without = prefix === undefined && netmask === undefined ? '; the route has no prefix' : '';
    report.error('bad-address', ['address'], `'${address}' is no network of ${length} bits${without}`, {
      found: address,
      expected: 'the address of a network',
    });
  }
}

/** The family follows from the address; one that does not fit is an error. */
export const ip = element(
  'ip',
  {
    doc: 'An address of the interface.',
    since: '1.2.12',
    example: "<ip address='192.168.1.105' family='ipv4' prefix='24'/>",
    fields: {
      address: attribute(ipAddress, { doc: 'The address, IPv4 or IPv6.', required: true }),
      family: attribute(family, { doc: 'Family of the address; follows from it.', fallback: addressFamily }),
      prefix: attribute(prefixLength, { doc: 'Length of the network prefix.', zeroIsUnset: true }),
      peer: attribute(ipAddress, { doc: 'The other end of a point-to-point link.' }),
    },
  },
  {
    check(model, report) {
      checkAddress(report, 'address', model.address, model.family);
      checkAddress(report, 'peer', model.peer, model.family);
      checkPrefix(report, model.prefix, model.family);
    },
  },
);

/** What a route says besides the family of its addresses. */
export const routeFields = {
  address: attribute(ipAddress, {
    doc: 'The network; 0.0.0.0 or :: for the default route.',
    required: true,
  }),
  netmask: attribute(ipAddress, { doc: 'The network as a mask, in place of a prefix.' }),
  prefix: attribute(prefixLength, { doc: 'Length of the network prefix.' }),
  gateway: attribute(ipAddress, { doc: 'Where packets for the network go.', required: true }),
  metric: attribute(positive32, {
    doc: 'Cost of the route; of two, the cheaper is taken.',
    zeroIsUnset: true,
  }),
} satisfies Fields;

/** Its addresses are of one family, and that of the network has no bit set beyond the prefix or netmask. */
export function checkRoute(
  { address, netmask, prefix, gateway }: InferFields<typeof routeFields>,
  wanted: Family,
  report: Report,
): void {
  checkAddress(report, 'address', address, wanted);
  checkAddress(report, 'netmask', netmask, wanted);
  checkAddress(report, 'gateway', gateway, wanted);
  checkPrefix(report, prefix, wanted);
  if (netmask !== undefined && prefix !== undefined)
    report.error('conflict', ['prefix'], 'a route has either a netmask or a prefix');
  if (netmask !== undefined && wanted === 'ipv6')
    report.error('conflict', ['netmask'], 'an IPv6 route has a prefix, no netmask');
  checkNetwork(report, address, prefix, netmask);
}

/** Its address must be that of a network: no bit is set beyond the prefix or netmask. */
export const route = element(
  'route',
  {
    doc: 'A route set up inside the container.',
    since: '1.2.12',
    example: "<route family='ipv4' address='0.0.0.0' gateway='192.168.1.1'/>",
    fields: {
      family: attribute(family, {
        doc: 'Family of the addresses; follows from them.',
        fallback: addressFamily,
      }),
      ...routeFields,
    },
  },
  { check: (model, report) => checkRoute(model, model.family, report) },
);

/** An address with its family, and the length of its prefix where one is said. */
export type Ip = Infer<typeof ip>;
/** A network, by prefix or netmask, and the gateway to it; without either it is the default route. */
export type Route = Infer<typeof route>;
