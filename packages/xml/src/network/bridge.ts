// <bridge>, <mtu> and <mac>: the bridge of the host that a network is.
// SPDX-License-Identifier: Apache-2.0
import { attribute, element } from '../schema/element.js';
import { count, deviceName, oneOf, oneWord, onOff, ownMacAddress, uint16 } from '../schema/scalar.js';

/** With mode `bridge` it is one that the host has; with `nat`, `route`, `open` and without mode it is made. */
export const bridge = element('bridge', {
  doc: 'The bridge of the host that it is.',
  example: "<bridge name='virbr0' stp='on' delay='0'/>",
  fields: {
    name: attribute(deviceName, { doc: 'Its name; made up when absent, or where it has %d in it.' }),
    zone: attribute(oneWord, { doc: 'Zone of firewalld.', since: '5.1.0' }),
    stp: attribute(onOff, { doc: 'Whether it takes part in the spanning tree protocol.' }),
    delay: attribute(count, { doc: 'Seconds before a new port forwards.' }),
    macTableManager: attribute(oneOf('kernel', 'libvirt'), {
      doc: "Who fills the bridge's table.",
      since: '1.2.11',
    }),
  },
});

/** Undefined leaves the kernel's own 1500. */
export const mtu = element('mtu', {
  doc: 'Largest packet.',
  since: '3.1.0',
  emptyIsUnset: true,
  example: "<mtu size='9000'/>",
  fields: { size: attribute(uint16, { doc: 'Its size in bytes.', required: true, zeroIsUnset: true }) },
});

/** Without one libvirt makes it up when the network is defined. */
export const mac = element('mac', {
  doc: 'Hardware address of the bridge.',
  since: '0.8.8',
  emptyIsUnset: true,
  example: "<mac address='52:54:00:17:3f:37'/>",
  fields: { address: attribute(ownMacAddress, { doc: 'The address.', required: true }) },
});
