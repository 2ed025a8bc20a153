// What any device may have: an alias and an address on a bus.
// SPDX-License-Identifier: Apache-2.0
import { attribute, element } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { nonEmptyText } from '../schema/scalar.js';

/** Given to devices of a running domain; libvirt's normal form is without. */
export const alias = element('alias', {
  doc: 'Name of the device in a running domain; one that starts with ua- is kept.',
  fields: { name: attribute(nonEmptyText, { doc: 'The name.', required: true, live: true }) },
  emptyIsUnset: true,
});

/** Addresses matter to full machines only, so they are kept, not interpreted. */
export const address = element('address', {
  doc: 'Place of the device on a bus, for full machines.',
  fields: {
    type: attribute(nonEmptyText, { doc: 'The kind of bus.' }),
    domain: attribute(nonEmptyText, { doc: 'PCI domain.' }),
    controller: attribute(nonEmptyText, { doc: 'Number of the controller of a drive.' }),
    bus: attribute(nonEmptyText, { doc: 'Number of the bus.' }),
    slot: attribute(nonEmptyText, { doc: 'Slot on a PCI bus.' }),
    function: attribute(nonEmptyText, { doc: 'Function in a PCI slot.' }),
    multifunction: attribute(nonEmptyText, { doc: 'Whether the PCI slot has several functions.' }),
    target: attribute(nonEmptyText, { doc: 'Target number of a drive.' }),
    unit: attribute(nonEmptyText, { doc: 'Unit number of a drive.' }),
    device: attribute(nonEmptyText, { doc: 'Number of a device on a USB bus.' }),
    port: attribute(nonEmptyText, { doc: 'Port on a USB or serial bus.' }),
    cssid: attribute(nonEmptyText, { doc: 'Channel subsystem.' }),
    ssid: attribute(nonEmptyText, { doc: 'Subchannel set.' }),
    devno: attribute(nonEmptyText, { doc: 'Device number.' }),
    iobase: attribute(nonEmptyText, { doc: 'I/O port of an ISA device.' }),
    irq: attribute(nonEmptyText, { doc: 'Interrupt of an ISA device.' }),
    reg: attribute(nonEmptyText, { doc: 'Register of a spapr-vio device.' }),
    base: attribute(nonEmptyText, { doc: 'Base address of a memory module.' }),
  },
});

/** Words as the document has them, whatever the kind of bus. */
export type DeviceAddress = Infer<typeof address>;
