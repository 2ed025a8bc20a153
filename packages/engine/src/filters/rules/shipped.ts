// The filters that libvirt's users know by name, as documents: there without being defined, and their names are taken.
// SPDX-License-Identifier: Apache-2.0

/** What stands in each, by its name. */
const shipped: Readonly<Record<string, { chain?: string; priority?: number; entries: readonly string[] }>> = {
  'allow-arp': {
    chain: 'arp',
    entries: ["<rule action='accept' direction='inout'/>"],
  },
  'allow-dhcp': {
    chain: 'ipv4',
    entries: [
      "<rule action='accept' direction='out' priority='100'><ip srcipaddr='0.0.0.0' dstipaddr='255.255.255.255' protocol='udp' srcportstart='68' dstportstart='67'/></rule>",
      "<rule action='accept' direction='in' priority='100'><ip protocol='udp' srcportstart='67' dstportstart='68'/></rule>",
    ],
  },
  'allow-dhcp-server': {
    chain: 'ipv4',
    entries: [
      "<rule action='accept' direction='out' priority='100'><ip srcipaddr='0.0.0.0' dstipaddr='255.255.255.255' protocol='udp' srcportstart='68' dstportstart='67'/></rule>",
      "<rule action='accept' direction='in' priority='100'><ip srcipaddr='$DHCPSERVER' protocol='udp' srcportstart='67' dstportstart='68'/></rule>",
    ],
  },
  'allow-dhcpv6': {
    chain: 'ipv6',
    entries: [
      "<rule action='accept' direction='out' priority='100'><ipv6 srcipaddr='fe80::' srcipmask='10' dstipaddr='ff02::1:2' protocol='udp' srcportstart='546' dstportstart='547'/></rule>",
      "<rule action='accept' direction='in' priority='100'><ipv6 protocol='udp' srcportstart='547' dstportstart='546'/></rule>",
    ],
  },
  'allow-dhcpv6-server': {
    chain: 'ipv6',
    entries: [
      "<rule action='accept' direction='out' priority='100'><ipv6 srcipaddr='fe80::' srcipmask='10' dstipaddr='ff02::1:2' protocol='udp' srcportstart='546' dstportstart='547'/></rule>",
      "<rule action='accept' direction='in' priority='100'><ipv6 srcipaddr='$DHCPSERVER' protocol='udp' srcportstart='547' dstportstart='546'/></rule>",
    ],
  },
  'allow-incoming-ipv4': {
    chain: 'ipv4',
    entries: ["<rule action='accept' direction='in'/>"],
  },
  'allow-incoming-ipv6': {
    chain: 'ipv6',
    entries: ["<rule action='accept' direction='in'/>"],
  },
  'allow-ipv4': {
    chain: 'ipv4',
    entries: ["<rule action='accept' direction='inout'/>"],
  },
  'allow-ipv6': {
    chain: 'ipv6',
    entries: ["<rule action='accept' direction='inout'/>"],
  },
  'clean-traffic': {
    entries: [
      "<filterref filter='no-mac-spoofing'/>",
      "<filterref filter='no-ip-spoofing'/>",
      "<rule action='accept' direction='out' priority='-650'><mac protocolid='ipv4'/></rule>",
      "<filterref filter='allow-incoming-ipv4'/>",
      "<filterref filter='no-arp-spoofing'/>",
      "<rule action='accept' direction='inout' priority='-500'><mac protocolid='arp'/></rule>",
      "<filterref filter='no-other-l2-traffic'/>",
      "<filterref filter='qemu-announce-self'/>",
    ],
  },
  'clean-traffic-gateway': {
    entries: [
      "<filterref filter='no-mac-spoofing'/>",
      "<filterref filter='no-ip-spoofing'/>",
      "<filterref filter='no-arp-spoofing'/>",
      "<rule action='accept' direction='inout' priority='-500'><mac protocolid='arp'/></rule>",
      "<rule action='accept' direction='in'><mac srcmacaddr='$GATEWAY_MAC'/></rule>",
      "<rule action='accept' direction='out'><mac dstmacaddr='$GATEWAY_MAC'/></rule>",
      "<filterref filter='no-other-l2-traffic'/>",
      "<filterref filter='qemu-announce-self'/>",
    ],
  },
  'no-arp-ip-spoofing': {
    chain: 'arp-ip',
    priority: -510,
    entries: [
      "<rule action='return' direction='out' priority='400'><arp arpsrcipaddr='$IP'/></rule>",
      "<rule action='drop' direction='out' priority='1000'/>",
    ],
  },
  'no-arp-mac-spoofing': {
    chain: 'arp-mac',
    priority: -520,
    entries: [
      "<rule action='return' direction='out' priority='350'><arp arpsrcmacaddr='$MAC'/></rule>",
      "<rule action='drop' direction='out' priority='1000'/>",
    ],
  },
  'no-arp-spoofing': {
    entries: ["<filterref filter='no-arp-mac-spoofing'/>", "<filterref filter='no-arp-ip-spoofing'/>"],
  },
  'no-ip-multicast': {
    chain: 'ipv4',
    entries: ["<rule action='drop' direction='out'><ip dstipaddr='224.0.0.0' dstipmask='4'/></rule>"],
  },
  'no-ip-spoofing': {
    chain: 'ipv4-ip',
    priority: -710,
    entries: [
      "<rule action='return' direction='out' priority='100'><ip srcipaddr='0.0.0.0' protocol='udp'/></rule>",
      "<rule action='return' direction='out'><ip srcipaddr='$IP'/></rule>",
      "<rule action='drop' direction='out' priority='1000'/>",
    ],
  },
  'no-ipv6-multicast': {
    chain: 'ipv6',
    entries: ["<rule action='drop' direction='out'><ipv6 dstipaddr='ff00::' dstipmask='8'/></rule>"],
  },
  'no-ipv6-spoofing': {
    chain: 'ipv6-ip',
    priority: -610,
    entries: [
      "<rule action='return' direction='out' priority='100'><ipv6 srcipaddr='fe80::' srcipmask='10' protocol='udp'/></rule>",
      "<rule action='return' direction='out'><ipv6 srcipaddr='$IPV6'/></rule>",
      "<rule action='drop' direction='out' priority='1000'/>",
    ],
  },
  'no-mac-broadcast': {
    chain: 'ipv4',
    entries: ["<rule action='drop' direction='out'><mac dstmacaddr='ff:ff:ff:ff:ff:ff'/></rule>"],
  },
  'no-mac-spoofing': {
    chain: 'mac',
    priority: -800,
    entries: [
      "<rule action='return' direction='out'><mac srcmacaddr='$MAC'/></rule>",
      "<rule action='drop' direction='out'><mac/></rule>",
    ],
  },
  'no-other-l2-traffic': {
    entries: ["<rule action='drop' direction='inout' priority='1000'/>"],
  },
  'no-other-rarp-traffic': {
    chain: 'rarp',
    entries: ["<rule action='drop' direction='inout' priority='1000'/>"],
  },
  'qemu-announce-self': {
    entries: [
      "<rule action='accept' direction='out'><mac protocolid='0x835'/></rule>",
      "<filterref filter='qemu-announce-self-rarp'/>",
      "<filterref filter='no-other-rarp-traffic'/>",
    ],
  },
  'qemu-announce-self-rarp': {
    chain: 'rarp',
    entries: [
      "<rule action='accept' direction='out'><rarp srcmacaddr='$MAC' dstmacaddr='ff:ff:ff:ff:ff:ff' opcode='Request_Reverse' arpsrcmacaddr='$MAC' arpdstmacaddr='$MAC' arpsrcipaddr='0.0.0.0' arpdstipaddr='0.0.0.0'/></rule>",
      "<rule action='accept' direction='in'><rarp dstmacaddr='ff:ff:ff:ff:ff:ff' opcode='Request_Reverse' arpsrcmacaddr='$MAC' arpdstmacaddr='$MAC' arpsrcipaddr='0.0.0.0' arpdstipaddr='0.0.0.0'/></rule>",
    ],
  },
};

/** Their documents, by name. */
export const shippedFilters: ReadonlyMap<string, string> = new Map(
  Object.entries(shipped).map(([name, { chain = 'root', priority, entries }]) => [
    name,
    `<filter name='${name}' chain='${chain}'${priority === undefined ? '' : ` priority='${priority}'`}>${entries.join('')}</filter>`,
  ]),
);
