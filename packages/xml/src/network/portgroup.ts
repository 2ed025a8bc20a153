// <portgroup>: settings that interfaces of domains get by its name.
// SPDX-License-Identifier: Apache-2.0
import { bandwidth } from '../domain/bandwidth.js';
import { virtualport } from '../domain/virtualport.js';
import { vlan } from '../domain/vlan.js';
import { attribute, child, element } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { nonEmptyText, yesNo } from '../schema/scalar.js';

/** What an interface says of itself wins over it. */
export const portgroup = element(
  'portgroup',
  {
    doc: 'Settings that an interface gets by naming it.',
    since: '0.9.4',
    hasBothTags: true,
    example:
      "<portgroup name='customers' default='yes'>\n  <vlan>\n    <tag id='42'/>\n  </vlan>\n</portgroup>",
    fields: {
      name: attribute(nonEmptyText, { doc: 'Its name, unique in the network.', required: true }),
      default: attribute(yesNo, { doc: 'Whether it is that of interfaces that name none.' }),
      trustGuestRxFilters: attribute(yesNo, {
        doc: 'Whether its interfaces may send in any name.',
        since: '1.2.10',
      }),
      vlan: child(vlan),
      virtualport: child(virtualport),
      bandwidth: child(bandwidth, { doc: 'Limits on the traffic of each of its interfaces.' }),
    },
  },
  { libvirt: (model) => ({ ...model, default: model.default === true ? true : undefined }) },
);

/** By its name what its interfaces get. */
export type Portgroup = Infer<typeof portgroup>;
