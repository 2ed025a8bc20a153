// <dns>: name servers and search domains of a container, of either address family.
// SPDX-License-Identifier: Apache-2.0

import { familyOf } from '../address.js';
import type { LegacyForm } from '../schema/declaration.js';
import { attribute, element, many, text } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { ipAddress, nonEmptyText, oneWord } from '../schema/scalar.js';

const nameserver = element(
  'nameserver',
  {
    doc: 'A name server; the first that answers is used.',
    example: "<nameserver address='192.168.1.1'/>",
    fields: { address: attribute(ipAddress, { doc: 'Its address, IPv4 or IPv6.', required: true }) },
  },
  {
    check(model, report) {
      if (familyOf(model.address.replace(/%[^%]*$/, '')) === undefined)
        report.error('bad-address', ['address'], `'${model.address}' is not an IP address`, {
          found: model.address,
          expected: 'an IPv4 or IPv6 address',
        });
    },
  },
);

const search = element('search', {
  doc: 'A domain in which short names are looked up.',
  example: "<search domain='example.org'/>",
  fields: { domain: attribute(oneWord, { doc: 'Its name.', required: true }) },
});

/** libvirt has no such element. */
export const dns = element('dns', {
  doc: 'How the container resolves names.',
  since: 'ctvirt',
  example: "<dns>\n  <nameserver address='192.168.1.1'/>\n  <search domain='example.org'/>\n</dns>",
  fields: { nameservers: many(nameserver), searches: many(search) },
});

/** <nameserver> at the top level, as the 2007 proposal has it. */
export const topLevelNameserver: LegacyForm = {
  element: element('nameserver', {
    doc: 'The name server of the 2007 proposal.',
    fields: { address: text(nonEmptyText, { doc: 'Its address, IPv4 or IPv6.' }) },
  }),
  rewrite(node, parent) {
    parent.replaceChild(node);
    let holder = parent.child('dns');
    if (holder === undefined) {
      holder = node.makeUp('dns');
      parent.append(holder);
    }
    holder.append(node.makeUp('nameserver', { address: node.text.trim() }));
  },
};

/** Name servers and search domains, each in the order in which they are asked. */
export type Dns = Infer<typeof dns>;
