// <networkport>: what an interface of a domain got from its network.
// SPDX-License-Identifier: Apache-2.0
import { bandwidth } from '../domain/bandwidth.js';
import { port } from '../domain/port.js';
import { virtualport } from '../domain/virtualport.js';
import { vlan } from '../domain/vlan.js';
import { driver, pciPlace } from '../network/forward.js';
import { attribute, child, element, leaf, required, setting, variants } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { deviceName, nonEmptyText, oneOf, ownMacAddress, positive32, uuid, yesNo } from '../schema/scalar.js';

const owner = element('owner', {
  doc: 'The domain that has the interface.',
  fields: {
    name: leaf('name', nonEmptyText, { doc: 'Its name.', required: true }),
    uuid: leaf('uuid', uuid, { doc: 'Its UUID.', required: true }),
  },
});

const mac = element('mac', {
  doc: 'Hardware address of the interface.',
  fields: { address: attribute(ownMacAddress, { doc: 'The address.', required: true }) },
});

const portBandwidth = element('bandwidth', {
  doc: 'Limits on its traffic.',
  fields: {
    classID: attribute(positive32, { doc: 'Number of its class among those of the bridge.' }),
    ...bandwidth.body.fields,
  },
});

const onBridge = {
  bridge: attribute(deviceName, { doc: 'The bridge.', required: true }),
  macTableManager: attribute(oneOf('kernel', 'libvirt'), { doc: "Who fills the bridge's table." }),
};
const pciAddress = element(
  'address',
  { doc: 'Where the device sits.', fields: pciPlace },
  { libvirt: (model) => ({ ...model, multifunction: undefined }) },
);

const plug = variants('plug', {
  doc: 'What the interface is plugged into.',
  example: "<plug type='network' bridge='virbr0'/>",
  fields: {},
  choice: {
    by: 'type',
    doc: 'What it is.',
    variants: {
      network: { doc: 'A bridge of libvirt.', fields: onBridge },
      bridge: { doc: 'A bridge that the host has.', fields: onBridge },
      direct: {
        doc: 'A macvlan on an interface of the host.',
        fields: {
          dev: attribute(deviceName, { doc: 'The interface.', required: true }),
          mode: attribute(oneOf('vepa', 'private', 'bridge', 'passthrough'), {
            doc: 'How it is shared.',
            required: true,
          }),
        },
      },
      'hostdev-pci': {
        doc: 'A device of the host.',
        fields: {
          managed: attribute(yesNo, { doc: 'Whether libvirt detaches it from the host by itself.' }),
          driver: child(driver),
          address: required(pciAddress),
        },
      },
    },
  },
});

/** A port as `virNetworkPortGetXMLDesc` of libvirt has it. */
export const networkport = element('networkport', {
  doc: 'What an interface of a domain got from its network.',
  example:
    "<networkport>\n  <uuid>5d744f21-ba4a-4d6e-bdb2-30a35ff3207d</uuid>\n  <owner>\n    <name>web</name>\n    <uuid>d54df46f-1ab5-4a22-8618-4560ef5fac2c</uuid>\n  </owner>\n  <mac address='52:54:00:7b:35:93'/>\n  <plug type='network' bridge='virbr0'/>\n</networkport>",
  fields: {
    uuid: leaf('uuid', uuid, { doc: 'Its UUID; made up when absent.' }),
    owner: required(owner),
    group: leaf('group', nonEmptyText, { doc: 'Port group of the network.' }),
    mac: required(mac),
    virtualport: child(virtualport),
    bandwidth: child(portBandwidth),
    vlan: child(vlan),
    port: child(port),
    trustGuest: setting('rxfilters', 'trustGuest', yesNo, { doc: 'Whether it may send in any name.' }),
    plug: child(plug),
  },
});

/** Of which domain the port is, and what it is plugged into. */
export type Networkport = Infer<typeof networkport>;
