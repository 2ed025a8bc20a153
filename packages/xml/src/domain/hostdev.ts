// <hostdev>: a device of the host that the container may use.
// SPDX-License-Identifier: Apache-2.0
import { attribute, child, element, leaf, many, required, slot, variants } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { nonEmptyText, oneOf, type Scalar, yesNo } from '../schema/scalar.js';
import { address, alias } from './device.js';
import { ip, route } from './ip.js';

const blockSource = element('source', {
  doc: 'A block device.',
  fields: { block: leaf('block', nonEmptyText, { doc: 'Path of the device on the host.', required: true }) },
});
const characterSource = element('source', {
  doc: 'A character device.',
  fields: { char: leaf('char', nonEmptyText, { doc: 'Path of the device on the host.', required: true }) },
});
const interfaceSource = element('source', {
  doc: 'A network interface.',
  fields: { interface: leaf('interface', nonEmptyText, { doc: 'Its name on the host.', required: true }) },
});
/** libvirt writes four digits. */
const usbId: Scalar<string> = {
  ...nonEmptyText,
  normal: (id) =>
    /^(?:0x)?[\da-f]{1,4}$/i.test(id) ? `0x${id.replace(/^0x/i, '').toLowerCase().padStart(4, '0')}` : id,
};
const id = (name: string) =>
  element(name, {
    doc: `Id of the ${name}.`,
    fields: { id: attribute(usbId, { doc: 'The id.', required: true }) },
  });
const usbSource = element('source', {
  doc: 'A USB device, by vendor and product or by address.',
  fields: {
    startupPolicy: attribute(oneOf('mandatory', 'requisite', 'optional'), { doc: 'What its absence means.' }),
    guestReset: attribute(nonEmptyText, { doc: 'Whether the guest may reset it.' }),
    vendor: child(id('vendor')),
    product: child(id('product')),
    address: child(address),
  },
});

const capability = {
  mode: attribute(oneOf('capabilities'), { doc: 'Handed over by name.', fallback: 'capabilities' }),
};
const subsystem = {
  mode: attribute(oneOf('subsystem'), { doc: 'Handed over as hardware.', fallback: 'subsystem' }),
};

/** Its `type` says what its source is; `mode` follows from that. */
export const hostdev = variants(
  'hostdev',
  {
    doc: 'A device of the host that the container may use.',
    example:
      "<hostdev mode='capabilities' type='misc'>\n  <source>\n    <char>/dev/net/tun</char>\n  </source>\n</hostdev>",
    fields: {
      mode: slot,
      type: slot,
      managed: attribute(yesNo, {
        doc: 'Whether libvirt detaches the device by itself.',
        assumed: (model: { mode?: string }) => (model.mode === 'subsystem' ? false : undefined),
      }),
      source: slot,
      ips: slot,
      routes: slot,
      alias: child(alias),
      address: child(address),
    },
    choice: {
      by: 'type',
      doc: 'Kind of device.',
      variants: {
        storage: { doc: 'A block device.', fields: { ...capability, source: required(blockSource) } },
        misc: {
          doc: "A character device: a node in the container's /dev that its root owns.",
          fields: { ...capability, source: required(characterSource) },
        },
        net: {
          doc: 'A network interface, moved into the container.',
          fields: { ...capability, source: required(interfaceSource), ips: many(ip), routes: many(route) },
        },
        usb: { doc: 'A USB device.', fields: { ...subsystem, source: required(usbSource) } },
      },
    },
  },
  {
    // A device that is handed over by name is never detached from the host.
    libvirt: (model) => (model.mode === 'capabilities' ? { ...model, managed: undefined } : model),
  },
);

/** A device by its type: block (`storage`), character (`misc`), network interface (`net`) or `usb`. */
export type Hostdev = Infer<typeof hostdev>;
