// <network>: a network that interfaces of domains can name.
// SPDX-License-Identifier: Apache-2.0
import { bandwidth } from '../domain/bandwidth.js';
import { vlan } from '../domain/vlan.js';
import { attribute, child, element, leaf, many, open } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import {
  deviceName,
  integer,
  ipAddress,
  macAddress,
  nonEmptyText,
  oneOf,
  uint32,
  uuid,
  yesNo,
} from '../schema/scalar.js';

const forward = element('forward', {
  doc: 'How the network reaches others.',
  example: "<forward mode='bridge'/>",
  fields: {
    mode: attribute(
      oneOf('nat', 'route', 'open', 'bridge', 'private', 'vepa', 'passthrough', 'hostdev', 'none'),
      { doc: 'The way.', assumed: 'nat' },
    ),
    dev: attribute(deviceName, { doc: 'The host interface it goes through.' }),
    managed: attribute(yesNo, { doc: 'Whether libvirt detaches host devices by itself.' }),
    interfaces: many(
      element('interface', {
        doc: 'A host interface of several.',
        fields: { dev: attribute(deviceName, { doc: 'Its name.', required: true }) },
      }),
    ),
  },
});

const bridge = element('bridge', {
  doc: 'The bridge of the host that it is.',
  example: "<bridge name='br0'/>",
  fields: {
    name: attribute(deviceName, { doc: 'Its name.' }),
    zone: attribute(nonEmptyText, { doc: 'Zone of firewalld.' }),
    stp: attribute(oneOf('on', 'off'), { doc: 'Whether it takes part in the spanning tree protocol.' }),
    delay: attribute(uint32, { doc: 'Seconds before a new port forwards.' }),
    macTableManager: attribute(oneOf('kernel', 'libvirt'), { doc: "Who fills the bridge's table." }),
  },
});

const dhcp = element('dhcp', {
  doc: 'Addresses that are given out.',
  fields: {
    ranges: many(
      element('range', {
        doc: 'Those for anybody.',
        fields: {
          start: attribute(ipAddress, { doc: 'The first.', required: true }),
          end: attribute(ipAddress, { doc: 'The last.', required: true }),
        },
      }),
    ),
    hosts: many(
      element('host', {
        doc: 'One of a machine.',
        fields: {
          mac: attribute(macAddress, { doc: 'Its hardware address.' }),
          id: attribute(nonEmptyText, { doc: 'Its DHCPv6 id.' }),
          name: attribute(nonEmptyText, { doc: 'Its name.' }),
          ip: attribute(ipAddress, { doc: 'Its address.' }),
        },
      }),
    ),
  },
});

const networkIp = element('ip', {
  doc: 'An address of the host on it.',
  example: "<ip address='192.168.122.1' netmask='255.255.255.0'/>",
  fields: {
    family: attribute(oneOf('ipv4', 'ipv6'), { doc: 'Its family.' }),
    address: attribute(ipAddress, { doc: 'The address.' }),
    netmask: attribute(ipAddress, { doc: 'The network as a mask.' }),
    prefix: attribute(integer(0, 128), { doc: 'Length of the network prefix.' }),
    localPtr: attribute(yesNo, { doc: 'Whether names of its addresses are answered here alone.' }),
    dhcp: child(dhcp),
  },
});

const networkRoute = element('route', {
  doc: 'A route of the host through it.',
  fields: {
    family: attribute(oneOf('ipv4', 'ipv6'), { doc: 'Its family.' }),
    address: attribute(ipAddress, { doc: 'The network.', required: true }),
    netmask: attribute(ipAddress, { doc: 'The network as a mask.' }),
    prefix: attribute(integer(0, 128), { doc: 'Length of the network prefix.' }),
    gateway: attribute(ipAddress, { doc: 'Where packets for it go.', required: true }),
    metric: attribute(uint32, { doc: 'Cost of the route.' }),
  },
});

/** A network as `virNetworkGetXMLDesc` of libvirt has it. */
export const network = element('network', {
  doc: 'A network that interfaces of domains can name.',
  example: "<network>\n  <name>br0</name>\n  <forward mode='bridge'/>\n  <bridge name='br0'/>\n</network>",
  fields: {
    connections: attribute(uint32, { doc: 'How many interfaces are on it.', live: true }),
    ipv6: attribute(yesNo, { doc: 'Whether IPv6 passes among its members without an address.' }),
    trustGuestRxFilters: attribute(yesNo, { doc: 'Whether members may change what they listen to.' }),
    name: leaf('name', nonEmptyText, { doc: 'Its name, unique on the host.', required: true }),
    uuid: leaf('uuid', uuid, { doc: 'Its UUID.' }),
    metadata: open('metadata', { doc: 'Anything, in namespaces of its own.' }),
    forward: child(forward),
    bridge: child(bridge),
    mtu: child(
      element('mtu', {
        doc: 'Largest packet.',
        fields: { size: attribute(uint32, { doc: 'Its size in bytes.', required: true }) },
      }),
    ),
    mac: child(
      element('mac', {
        doc: 'Hardware address of the bridge.',
        fields: { address: attribute(macAddress, { doc: 'The address.', required: true }) },
      }),
    ),
    domain: child(
      element('domain', {
        doc: 'The DNS domain of its members.',
        fields: {
          name: attribute(nonEmptyText, { doc: 'Its name.', required: true }),
          localOnly: attribute(yesNo, { doc: 'Whether it is asked for here alone.' }),
          register: attribute(yesNo, { doc: "Whether the host's resolver is told of it." }),
        },
      }),
    ),
    bandwidth: child(bandwidth),
    vlan: child(vlan),
    ips: many(networkIp),
    routes: many(networkRoute),
  },
});

/** A network by its name: the bridge it is, and addresses, routes and limits of it. */
export type Network = Infer<typeof network>;
