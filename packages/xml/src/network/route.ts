// <route>: a network behind a member of this one.
// SPDX-License-Identifier: Apache-2.0
import { familyOf } from '../address.js';
import { checkRoute, routeFields } from '../domain/ip.js';
import { element } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { statedFamily } from './address.js';

/** Of IPv6 it says so; its gateway is reached by an <ip> of the network. */
export const networkRoute = element(
  'route',
  {
    doc: 'A route of the host to another network, through a member of this one.',
    since: '1.0.6',
    example: "<route address='192.168.222.0' prefix='24' gateway='192.168.122.10'/>",
    fields: { family: statedFamily, ...routeFields },
  },
  {
    check(model, report) {
      const { family = 'ipv4', address } = model;
      if (family === 'ipv4' && familyOf(address) === 'ipv6') {
        report.error('bad-address', ['address'], `the IPv6 address '${address}' needs family='ipv6'`, {
          found: address,
          expected: "family='ipv6'",
        });
        return;
      }
      checkRoute(model, family, report);
    },
  },
);

/** A network, by prefix or netmask, and the gateway to it. */
export type NetworkRoute = Infer<typeof networkRoute>;
