// <domain>: the DNS domain of a network's members.
// SPDX-License-Identifier: Apache-2.0
import { attribute, element } from '../schema/element.js';
import { dnsName, yesNo } from '../schema/scalar.js';

/** In it the names of DHCP hosts are answered. */
export const dnsDomain = element(
  'domain',
  {
    doc: 'The DNS domain of its members.',
    since: '0.4.5',
    emptyIsUnset: true,
    example: "<domain name='example.com' localOnly='yes'/>",
    fields: {
      name: attribute(dnsName, { doc: 'Its name.', required: true }),
      localOnly: attribute(yesNo, { doc: 'Whether it is asked for here alone.', since: '1.2.12' }),
      register: attribute(yesNo, { doc: "Whether the host's resolver is told of it.", since: '10.1.0' }),
    },
  },
  {
    check({ localOnly, register }, report) {
      if (register === true && localOnly !== true)
        report.error('conflict', ['register'], "a domain is registered only with localOnly='yes'", {
          expected: "localOnly='yes'",
        });
    },
  },
);
