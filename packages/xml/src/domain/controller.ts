// <controller>: a bus that devices of a full machine are on.
// SPDX-License-Identifier: Apache-2.0
import { attribute, child, element, leaf, size } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { nonEmptyText, oneOf, onOff, uint32 } from '../schema/scalar.js';
import { address, alias } from './device.js';

const model = element('model', {
  doc: 'Device that a PCI controller is made with.',
  fields: { name: attribute(nonEmptyText, { doc: 'Its name.', required: true }) },
});
const target = element('target', {
  doc: 'How the guest sees a PCI controller.',
  fields: {
    chassisNr: attribute(nonEmptyText, { doc: 'Number of the chassis of a bridge.' }),
    chassis: attribute(nonEmptyText, { doc: 'Number of the chassis of a port.' }),
    port: attribute(nonEmptyText, { doc: 'Number of the port.' }),
    busNr: attribute(nonEmptyText, { doc: 'Number of the bus.' }),
    index: attribute(nonEmptyText, { doc: 'Index of a host bridge.' }),
    hotplug: attribute(onOff, { doc: 'Whether devices may be plugged in at run time.' }),
    node: leaf('node', uint32, { doc: 'NUMA node it is close to.' }),
  },
});
const driver = element('driver', {
  doc: 'How the controller is served.',
  fields: {
    queues: attribute(uint32, { doc: 'Number of queues.' }),
    cmdPerLun: attribute(uint32, { name: 'cmd_per_lun', doc: 'Commands queued for a disk.' }),
    maxSectors: attribute(uint32, { name: 'max_sectors', doc: 'Most sectors in one command.' }),
    ioeventfd: attribute(onOff, { doc: 'Whether requests are handled apart.' }),
    iothread: attribute(uint32, { doc: 'The I/O thread that serves it.' }),
  },
});
const master = element('master', {
  doc: 'The controller this one is a companion of.',
  fields: { startport: attribute(uint32, { doc: 'First port of the companion.', required: true }) },
});

/** Nothing comes of it in a container; libvirt adds those that disks need. */
export const controller = element('controller', {
  doc: 'A bus that devices of a full machine are on; kept, as container documents have it beside disks.',
  example: "<controller type='scsi' index='0' model='virtio-scsi'/>",
  fields: {
    type: attribute(
      oneOf('ide', 'fdc', 'scsi', 'sata', 'virtio-serial', 'ccid', 'usb', 'pci', 'xenbus', 'isa'),
      {
        doc: 'Kind of bus.',
        required: true,
      },
    ),
    index: attribute(uint32, { doc: 'Its number among those of the kind; the next free one when absent.' }),
    model: attribute(nonEmptyText, { doc: 'What it is made with.' }),
    ports: attribute(uint32, { doc: 'Number of ports.' }),
    vectors: attribute(uint32, { doc: 'Number of interrupts.' }),
    maxGrantFrames: attribute(uint32, { doc: 'Most grant frames, with Xen.' }),
    maxEventChannels: attribute(uint32, { doc: 'Most event channels, with Xen.' }),
    device: child(model),
    target: child(target),
    driver: child(driver),
    alias: child(alias),
    master: child(master),
    address: child(address),
    pcihole64KiB: size('pcihole64', {
      doc: 'Size of the upper PCI window.',
      unit: 'KiB',
      defaultUnit: 'KiB',
    }),
  },
});

/** A bus by its kind and its number among those of that kind. */
export type Controller = Infer<typeof controller>;
