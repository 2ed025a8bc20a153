// <seclabel>: how security modules of the kernel see the domain.
// SPDX-License-Identifier: Apache-2.0
import { attribute, element, leaf } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { nonEmptyText, oneOf, yesNo } from '../schema/scalar.js';

/** A domain may have one for each security module. */
export const seclabel = element(
  'seclabel',
  {
    doc: 'A label of a security module: AppArmor, SELinux or DAC.',
    example: "<seclabel type='static' model='apparmor'>\n  <label>lxc-container-default</label>\n</seclabel>",
    fields: {
      type: attribute(oneOf('dynamic', 'static', 'none'), { doc: 'Who chooses the label.' }),
      model: attribute(nonEmptyText, { doc: 'The security module.' }),
      relabel: attribute(yesNo, { doc: 'Whether files are labelled to match.' }),
      label: leaf('label', nonEmptyText, { doc: 'The label.' }),
      imagelabel: leaf('imagelabel', nonEmptyText, {
        doc: 'The label files got, in a running domain.',
        live: true,
      }),
      baselabel: leaf('baselabel', nonEmptyText, { doc: 'What a chosen label starts from.' }),
    },
  },
  {
    libvirt(model) {
      const type = model.model === 'none' ? 'none' : (model.type ?? 'dynamic');
      if (type === 'none') return { type, model: model.model ?? 'none' };
      return { ...model, type, relabel: model.relabel ?? type === 'dynamic' };
    },
  },
);

/** The module (`model`), the label, and who chooses it (`type`). */
export type Seclabel = Infer<typeof seclabel>;
