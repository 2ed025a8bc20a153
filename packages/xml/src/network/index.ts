// <network>: a network that interfaces of domains can name.
// SPDX-License-Identifier: Apache-2.0
import { bandwidth } from '../domain/bandwidth.js';
import { port } from '../domain/port.js';
import { virtualport } from '../domain/virtualport.js';
import { vlan } from '../domain/vlan.js';
import { attribute, child, element, leaf, many, open } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { anyText, documentName, titleText, uint32, uuid, yesNo } from '../schema/scalar.js';
import { bridge, mac, mtu } from './bridge.js';
import { networkDns } from './dns.js';
import { dnsDomain } from './dns-domain.js';
import { dnsmasqOptions } from './dnsmasq-options.js';
import { forward } from './forward.js';
import { networkIp } from './ip.js';
import { checkMode, hasOwnBridge, modeOf } from './mode.js';
import { portgroup } from './portgroup.js';
import { checkPortgroups } from './portgroups.js';
import { networkRoute } from './route.js';
import { checkSubnets } from './subnets.js';

/** A network as `virNetworkGetXMLDesc` of libvirt has it. */
export const network = element(
  'network',
  {
    doc: 'A network that interfaces of domains can name.',
    example:
      "<network>\n  <name>default</name>\n  <forward mode='nat'/>\n  <ip address='192.168.122.1' netmask='255.255.255.0'>\n    <dhcp>\n      <range start='192.168.122.2' end='192.168.122.254'/>\n    </dhcp>\n  </ip>\n</network>",
    declaresFirst: true,
    fields: {
      connections: attribute(uint32, { doc: 'How many interfaces are on it.', live: true }),
      ipv6: attribute(yesNo, {
        doc: 'Whether IPv6 passes among its members where it has no address of that family.',
        since: '1.0.1',
      }),
      trustGuestRxFilters: attribute(yesNo, {
        doc: 'Whether its interfaces may send in any name.',
        since: '1.2.10',
      }),
      name: leaf('name', documentName, { doc: 'Its name, unique on the host.', required: true }),
      uuid: leaf('uuid', uuid, { doc: 'Its UUID; made up when absent.' }),
      title: leaf('title', titleText, { doc: 'A line for people.', since: '9.7.0' }),
      description: leaf('description', anyText, { doc: 'A text for people.', since: '9.7.0' }),
      metadata: open('metadata', { doc: 'Anything, in namespaces of its own.', since: '2.1.0' }),
      forward: child(forward),
      bridge: child(bridge),
      mtu: child(mtu),
      mac: child(mac),
      domain: child(dnsDomain),
      dns: child(networkDns),
      vlan: child(vlan, { doc: 'VLANs its interfaces belong to.' }),
      bandwidth: child(bandwidth, { doc: 'Limits on the traffic through its bridge.' }),
      port: child(port, { doc: 'Options of the port of each interface on the bridge.' }),
      ips: many(networkIp),
      routes: many(networkRoute),
      virtualport: child(virtualport),
      portgroups: many(portgroup),
      dnsmasqOptions: child(dnsmasqOptions),
    },
  },
  {
    libvirt(model) {
      const mode = modeOf(model);
      const { name, macTableManager, ...own } = model.bridge ?? {};
      const isBridge = hasOwnBridge(mode) || name !== undefined || macTableManager !== undefined;
      const shown = hasOwnBridge(mode) ? { stp: true, delay: 0, ...own } : {};
      return {
        ...model,
        ipv6: model.ipv6 === true ? true : undefined,
        forward: mode === 'none' ? undefined : model.forward,
        bridge: isBridge ? { name, ...shown, macTableManager } : undefined,
      };
    },
    check(model, report) {
      checkMode(model, report);
      checkSubnets(model, report);
      checkPortgroups(model, report);
    },
  },
);

/** A network by its name: the bridge it is, its addresses, and what its members get of it. */
export type Network = Infer<typeof network>;
