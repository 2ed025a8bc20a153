// <vlan>: tags of an interface's traffic.
// SPDX-License-Identifier: Apache-2.0
import { attribute, element, many } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { integer, oneOf, yesNo } from '../schema/scalar.js';

const tag = element('tag', {
  doc: 'One VLAN.',
  fields: {
    id: attribute(integer(0, 4095), { doc: 'Number of the VLAN.', required: true }),
    nativeMode: attribute(oneOf('tagged', 'untagged'), {
      doc: 'Marks the native VLAN of a trunk.',
      since: '1.1.0',
    }),
  },
});

/** It needs a tag; with several, or a native one, `trunk` cannot be `no`. */
export const vlan = element(
  'vlan',
  {
    doc: 'VLANs the interface belongs to.',
    since: '0.10.0',
    example: "<vlan>\n  <tag id='42'/>\n</vlan>",
    fields: { trunk: attribute(yesNo, { doc: 'Whether it carries several VLANs.' }), tags: many(tag) },
  },
  {
    libvirt(model) {
      const isTrunk = model.trunk ?? (model.tags?.length ?? 0) > 1;
      return { trunk: isTrunk ? true : undefined, tags: model.tags };
    },
    check(model, report) {
      const tags = model.tags ?? [];
      const natives = tags.flatMap(({ nativeMode }, index) => (nativeMode === undefined ? [] : [index]));
      if (tags.length === 0)
        report.error('missing-element', [], '<vlan> needs a <tag>', { expected: '<tag>' });
      if (natives.length > 1)
        report.error('conflict', ['tags', natives[1] ?? 0, 'nativeMode'], 'a trunk has one native VLAN');
      if (model.trunk === false && (tags.length > 1 || natives.length > 0))
        report.error('conflict', ['trunk'], "several VLANs, or a native one, need trunk='yes'", {
          found: 'no',
        });
    },
  },
);

/** The tags, 0 to 4095, and whether they are those of a trunk. */
export type Vlan = Infer<typeof vlan>;
