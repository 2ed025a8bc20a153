// Namespaces the schema knows, and the prefix it names their elements by whatever a document calls them.
// SPDX-License-Identifier: Apache-2.0

/** By the prefix that the schema gives them; elements of any other are unknown ones. */
export const namespaces = {
  /** libvirt's LXC driver; declared on the document's root, as libvirt does. */
  lxc: { prefix: 'lxc', uri: 'http://libvirt.org/schemas/domain/lxc/1.0' },
  /** libvirt's options for dnsmasq; declared on the network, as libvirt does. */
  dnsmasq: { prefix: 'dnsmasq', uri: 'http://libvirt.org/schemas/network/dnsmasq/1.0' },
  /** Beancounters of OpenVZ that libvirt has no element for; declared where they stand, in the metadata. */
  ctvirt: { prefix: 'ctvirt', uri: 'urn:ctvirt:beancounters:1' },
} as const;
