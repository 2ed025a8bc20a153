// <dnsmasq:options>: lines for the configuration of dnsmasq, as libvirt passes them on.
// SPDX-License-Identifier: Apache-2.0
import { attribute, element, many } from '../schema/element.js';
import { namespaces } from '../schema/namespaces.js';
import { nonEmptyText } from '../schema/scalar.js';

const namespace = { ...namespaces.dnsmasq, declares: false } as const;

const option = element('dnsmasq:option', {
  doc: 'A line of it.',
  namespace,
  fields: { value: attribute(nonEmptyText, { doc: 'The line.', required: true }) },
});

/** It has libvirt's namespace of dnsmasq. */
export const dnsmasqOptions = element('dnsmasq:options', {
  doc: 'Lines for the configuration of dnsmasq, which nobody looks at before.',
  since: '5.6.0',
  namespace,
  emptyIsUnset: true,
  example:
    "<dnsmasq:options>\n  <dnsmasq:option value='cname=*.example.com,web.example.com'/>\n</dnsmasq:options>",
  fields: { options: many(option) },
});
