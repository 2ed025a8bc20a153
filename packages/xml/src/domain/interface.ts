// <interface>: a network interface of the container.
// SPDX-License-Identifier: Apache-2.0

import type { LegacyForm } from '../schema/declaration.js';
import { attribute, child, element, leaf, many, required, slot, text, variants } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import {
  count,
  deviceName,
  hostLinkName,
  linkName,
  nonEmptyText,
  oneOf,
  ownMacAddress,
  uint32,
  uuid,
  yesNo,
} from '../schema/scalar.js';
import { bandwidth } from './bandwidth.js';
import { address, alias } from './device.js';
import { filterref } from './filterref.js';
import { ip, route } from './ip.js';
import { port } from './port.js';
import { portForward } from './port-forward.js';
import { virtualport } from './virtualport.js';
import { vlan } from './vlan.js';

const mac = element('mac', {
  emptyIsUnset: true,
  doc: 'Hardware address; made up of the UUID when absent, the same at each start.',
  example: "<mac address='52:54:00:12:34:56'/>",
  fields: {
    address: attribute(ownMacAddress, { doc: 'The address.', required: true }),
    type: attribute(oneOf('generated', 'static'), { doc: 'Who chose it.' }),
    check: attribute(yesNo, { doc: 'Whether VMware checks it.' }),
  },
});

/** Addresses of the host's end of the interface. */
const hostSide = { ips: many(ip), routes: many(route) };

const hostEnd = element('source', {
  emptyIsUnset: true,
  doc: "Addresses and routes of the host's end of the interface.",
  fields: hostSide,
});
const bridgeSource = element('source', {
  doc: 'The bridge the interface is plugged into.',
  example: "<source bridge='br0'/>",
  fields: { bridge: attribute(deviceName, { doc: 'Name of the bridge.', required: true }), ...hostSide },
});
const networkSource = element('source', {
  doc: 'The network the interface belongs to.',
  example: "<source network='default'/>",
  fields: {
    network: attribute(nonEmptyText, { doc: 'Name of the network.', required: true }),
    portgroup: attribute(nonEmptyText, { doc: 'Port group of the network.' }),
    portid: attribute(uuid, { doc: 'The port in use, in a running domain.', live: true }),
    bridge: attribute(deviceName, { doc: 'The bridge in use, in a running domain.', live: true }),
    dev: attribute(deviceName, { doc: 'The host interface in use, in a running domain.', live: true }),
    mode: attribute(nonEmptyText, {
      doc: 'How the host interface is used, in a running domain.',
      live: true,
    }),
    macTableManager: attribute(oneOf('kernel', 'libvirt'), {
      doc: "Who fills the bridge's table, in a running domain.",
      live: true,
    }),
    ...hostSide,
  },
});
const directSource = element('source', {
  doc: 'The host interface that is shared.',
  example: "<source dev='eth0' mode='bridge'/>",
  fields: {
    dev: attribute(deviceName, { doc: 'Name of the host interface.', required: true }),
    mode: attribute(oneOf('vepa', 'private', 'bridge', 'passthrough'), {
      doc: 'How it is shared.',
      fallback: 'vepa',
    }),
    ...hostSide,
  },
});
const hostdevSource = element('source', {
  doc: 'The network card of the host that is handed over, by its place on a PCI bus.',
  example:
    "<source>\n  <address type='pci' domain='0x0000' bus='0x03' slot='0x00' function='0x0'/>\n</source>",
  fields: {
    dev: attribute(deviceName, { doc: "The card's name on the host, in a running domain.", live: true }),
    address: required(address),
    ...hostSide,
  },
});
const internalSource = element('source', {
  doc: 'A private network among domains.',
  fields: { name: attribute(nonEmptyText, { doc: 'Its name.' }), ...hostSide },
});

/** Names that libvirt makes up at each start. */
const isMadeUp = (dev: string | undefined): boolean => dev?.startsWith('vnet') === true;

const target = element(
  'target',
  {
    doc: "The host's end of the interface.",
    emptyIsUnset: true,
    example: "<target dev='veth105.0'/>",
    fields: {
      dev: attribute(hostLinkName, { doc: 'Its name on the host.' }),
      managed: attribute(yesNo, { doc: 'Whether it is made and removed with the domain.' }),
    },
  },
  { libvirt: (model) => (isMadeUp(model.dev) ? { ...model, dev: undefined } : model) },
);

const guest = element('guest', {
  emptyIsUnset: true,
  doc: "The container's end of the interface.",
  since: '1.2.7',
  example: "<guest dev='eth0'/>",
  fields: {
    dev: attribute(linkName, { doc: 'Its name in the container.' }),
    actual: attribute(deviceName, { doc: 'The name it got, in a running domain.' }),
  },
});
const link = element('link', {
  emptyIsUnset: true,
  doc: 'State of the link.',
  since: '0.9.5',
  fields: { state: attribute(oneOf('up', 'down'), { doc: 'Up or down.', required: true }) },
});
const mtu = element('mtu', {
  emptyIsUnset: true,
  doc: 'Largest packet.',
  since: '3.1.0',
  fields: { size: attribute(uint32, { doc: 'Its size in bytes.', required: true, zeroIsUnset: true }) },
});
const model = element('model', {
  emptyIsUnset: true,
  doc: 'Model of the card, for full machines.',
  fields: { type: attribute(nonEmptyText, { doc: 'Its name.', required: true }) },
});
const script = (name: string, doc: string) =>
  element(name, {
    doc,
    emptyIsUnset: true,
    fields: { path: attribute(nonEmptyText, { doc: 'Path of the script.', required: true }) },
  });
const backendDomain = element('backenddomain', {
  doc: 'The domain that drives the card, with Xen.',
  since: '1.2.13',
  fields: { name: attribute(nonEmptyText, { doc: 'Its name.', required: true }) },
});
const tune = element('tune', {
  doc: 'Buffers of the interface, for full machines.',
  fields: { sndbuf: leaf('sndbuf', count, { doc: 'Bytes of the send buffer.' }) },
});

const ipaddress: LegacyForm = {
  element: element('ipaddress', {
    doc: 'The address of the 2007 proposal.',
    fields: { address: text(nonEmptyText, { doc: 'The address, IPv4 or IPv6.' }) },
  }),
  rewrite(node, parent) {
    parent.replaceChild(node, node.makeUp('ip', { address: node.text.trim() }));
  },
};

/** Its `type` says what its source is. */
export const netInterface = variants(
  'interface',
  {
    doc: 'A network interface of the container.',
    example:
      "<interface type='bridge'>\n  <mac address='52:54:00:12:34:56'/>\n  <source bridge='br0'/>\n  <guest dev='eth0'/>\n</interface>",
    fields: {
      type: slot,
      managed: attribute(yesNo, { doc: 'Whether libvirt detaches a host device by itself.' }),
      trustGuestRxFilters: attribute(yesNo, {
        doc: 'Whether the container may send in any name: of other hardware addresses, of other addresses, of a router. No wall stands around such a link.',
        since: '1.2.10',
      }),
      mac: child(mac),
      source: slot,
      vlan: child(vlan),
      virtualport: child(virtualport),
      bandwidth: child(bandwidth),
      port: child(port),
      ips: many(ip),
      routes: many(route),
      portForwards: many(portForward),
      script: child(script('script', 'Script run when the interface is set up.')),
      downscript: child(script('downscript', 'Script run when the interface is taken down.')),
      backenddomain: child(backendDomain),
      target: child(target),
      guest: child(guest),
      model: child(model),
      filterref: child(filterref),
      tune: child(tune),
      link: child(link),
      mtu: child(mtu),
      alias: child(alias),
      address: child(address),
    },
    choice: {
      by: 'type',
      doc: 'How the interface is connected.',
      fallback: 'ethernet',
      variants: {
        ethernet: {
          doc: "A pair of virtual interfaces; addresses are routed to the container as OpenVZ's venet does. It sends from its domain's addresses and no others.",
          fields: { source: child(hostEnd) },
        },
        bridge: {
          doc: 'Plugged into a bridge of the host. It sends from its hardware address, and of each family that it has an `<ip>` of from these addresses and no others.',
          fields: { source: required(bridgeSource) },
        },
        network: {
          doc: 'Part of a network that is defined by name.',
          fields: { source: required(networkSource) },
        },
        direct: {
          doc: 'A macvlan on an interface of the host. It has no end on the host where what it sends could be bound.',
          fields: { source: required(directSource) },
        },
        hostdev: {
          doc: 'A network card of the host, moved into the container as it is and back at the end. It keeps its hardware address unless the document gives it one. The host sees nothing of what it sends.',
          fields: { source: required(hostdevSource) },
        },
        internal: { doc: 'A private network among domains.', fields: { source: child(internalSource) } },
        user: { doc: 'Networking in user space, for full machines.', fields: { source: child(hostEnd) } },
      },
    },
    legacy: [ipaddress],
  },
  {
    check(model, report) {
      const { type, source, bandwidth: rates } = model;
      const host = source === undefined ? [] : [...(source.ips ?? []), ...(source.routes ?? [])];
      if (host.length > 0 && type !== 'ethernet')
        report.error(
          'conflict',
          ['source'],
          "only an interface of type ethernet has addresses on the host's side",
          {
            found: type,
          },
        );
      if (rates?.inbound?.floor !== undefined && type !== 'network')
        report.error('conflict', ['bandwidth', 'inbound', 'floor'], 'only a network can guarantee a rate', {
          found: type,
        });
    },
  },
);

/** A network interface by its type; `guest.dev` is its name in the container, `target.dev` that of the host's end. */
export type Interface = Infer<typeof netInterface>;
/** What the interface is plugged into: a `bridge`, a `network`, a link of the host (`direct`), or no more than its own pair (`ethernet`). */
export type InterfaceType = Interface['type'];

/** What it is called in the container: as it says itself, or by its place among the interfaces. */
export const nameInside = ({ guest }: Pick<Interface, 'guest'>, index: number): string =>
  guest?.dev ?? `eth${index}`;
