// <virtualport>: the port of a virtual or managed switch.
// SPDX-License-Identifier: Apache-2.0
import type { Fields } from '../schema/declaration.js';
import { attribute, child, element } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { cNumber, nonEmptyText, oneOf, uuid } from '../schema/scalar.js';

const types = ['802.1Qbg', '802.1Qbh', 'openvswitch', 'midonet'] as const;
type SwitchType = (typeof types)[number];

const id = cNumber(4_294_967_295);

const fields = {
  managerid: attribute(id, { doc: 'VSI manager.' }),
  typeid: attribute(id, { doc: 'VSI type.' }),
  typeidversion: attribute(id, { doc: 'Version of the VSI type.' }),
  instanceid: attribute(uuid, { doc: 'VSI instance.' }),
  interfaceid: attribute(uuid, { doc: 'Id of the interface for Open vSwitch.' }),
  profileid: attribute(nonEmptyText, { doc: 'Port profile.' }),
} satisfies Fields;

/** What each kind of switch takes of the parameters; libvirt forgets the others. */
const taken: Readonly<Record<SwitchType, readonly (keyof typeof fields)[]>> = {
  '802.1Qbg': ['managerid', 'typeid', 'typeidversion', 'instanceid'],
  '802.1Qbh': ['profileid'],
  openvswitch: ['interfaceid', 'profileid'],
  midonet: ['interfaceid'],
};

const most = { managerid: 0xff, typeid: 0xffffff, typeidversion: 0xff } as const;

const parameters = element(
  'parameters',
  { doc: 'Parameters of the port profile.', emptyIsUnset: true, fields },
  {
    check(model, report) {
      for (const key of ['managerid', 'typeid', 'typeidversion'] as const) {
        const value = model[key];
        if (value === undefined || value <= most[key]) continue;
        report.refuse('out-of-range', [key], `${key} is ${value}, at most ${most[key]}`, {
          found: String(value),
          expected: `0 to ${most[key]}`,
        });
      }
    },
  },
);

/** Without a type it adds parameters to that of the network. */
export const virtualport = element(
  'virtualport',
  {
    doc: 'Port of a virtual or managed switch.',
    emptyIsUnset: true,
    example: "<virtualport type='openvswitch'>\n  <parameters profileid='customers'/>\n</virtualport>",
    fields: { type: attribute(oneOf(...types), { doc: 'Kind of switch.' }), parameters: child(parameters) },
  },
  {
    libvirt({ type, parameters: given }) {
      if (type === undefined || given === undefined) return { type, parameters: given };
      return { type, parameters: Object.fromEntries(taken[type].map((key) => [key, given[key]])) };
    },
  },
);

/** A port by the kind of its switch, and the parameters that kind takes. */
export type Virtualport = Infer<typeof virtualport>;
