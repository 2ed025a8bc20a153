// <domainCapabilities>: what a domain of one type can have on a host.
// SPDX-License-Identifier: Apache-2.0
import { attribute, child, element, leaf } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { nonEmptyText, uint32, yesNo } from '../schema/scalar.js';

const part = (name: string, doc: string) =>
  element(name, { doc, fields: { supported: attribute(yesNo, { doc: 'Whether there is any.' }) } });

/** The answer to libvirt's `virConnectGetDomainCapabilities`. */
export const domainCapabilities = element('domainCapabilities', {
  doc: 'What a domain of one type can have on a host.',
  fields: {
    path: leaf('path', nonEmptyText, { doc: 'The program that runs it.' }),
    domain: leaf('domain', nonEmptyText, { doc: 'Its type.' }),
    machine: leaf('machine', nonEmptyText, { doc: 'Its machine type, of a full machine.' }),
    arch: leaf('arch', nonEmptyText, { doc: 'Its architecture.' }),
    vcpu: child(
      element('vcpu', {
        doc: 'Its processors.',
        fields: { max: attribute(uint32, { doc: 'How many at most.', required: true }) },
      }),
    ),
    os: child(part('os', 'What it can boot.')),
    cpu: child(part('cpu', 'Models of processors.')),
    devices: child(part('devices', 'Devices.')),
    features: child(part('features', 'Features.')),
  },
});

/** What a domain of one type can have: `vcpu.max`, and by part whether there is any. */
export type DomainCapabilities = Infer<typeof domainCapabilities>;
