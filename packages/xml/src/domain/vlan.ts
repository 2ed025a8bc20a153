// <vlan>: tags of an interface's traffic.
// SPDX-License-Identifier: Apache-2.0
import { attribute, element, many } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { integer, oneOf, yesNo } from '../schema/scalar.js';

const tag = element('tag', {
  doc: 'One VLAN.',
  fields: {
    id: attribute(integer(0, 4095), { doc: 'Number of the VLAN.', required: true }),
    nativeMode: attribute(oneOf('tagged', 'untagged'), { doc: 'Marks the native VLAN of a trunk.' }),
  },
});

export const vlan = element('vlan', {
  doc: 'VLANs the interface belongs to.',
  example: "<vlan>\n  <tag id='42'/>\n</vlan>",
  fields: { trunk: attribute(yesNo, { doc: 'Whether it carries several VLANs.' }), tags: many(tag) },
});

export type Vlan = Infer<typeof vlan>;
