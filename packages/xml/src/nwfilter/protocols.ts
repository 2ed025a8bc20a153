// What a rule of a filter looks at: one element for each protocol, with the fields of its packets.
// SPDX-License-Identifier: Apache-2.0
import type { Fields } from '../schema/declaration.js';
import { attribute, variants } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { lineText, yesNo } from '../schema/scalar.js';
import {
  arpOperation,
  connectionState,
  ethernetType,
  ipProtocol,
  ipset,
  ipsetFlags,
  ipv4,
  ipv4Mask,
  ipv6,
  ipv6Mask,
  mac,
  macMask,
  numberTo,
  taggedType,
  tcpFlags,
  trueFalse,
} from './values.js';

const byte = numberTo(255);
const word = numberTo(65_535);
const long = numberTo(4_294_967_295);
const dscp = numberTo(63);

const comment = { comment: attribute(lineText, { doc: 'A text for people, up to 256 characters.' }) };
const source = { srcmacaddr: attribute(mac, { doc: 'Hardware address of the sender.' }) };
const sourceAndMask = {
  ...source,
  srcmacmask: attribute(macMask, { doc: 'Bits of it that count.' }),
};
const ethernet = {
  ...sourceAndMask,
  dstmacaddr: attribute(mac, { doc: 'Hardware address of the receiver.' }),
  dstmacmask: attribute(macMask, { doc: 'Bits of it that count.' }),
};

/** Addresses of one family, as a network each. */
const addresses = (address: typeof ipv4, mask: typeof ipv4) => ({
  srcipaddr: attribute(address, { doc: 'Address of the sender.' }),
  srcipmask: attribute(mask, { doc: 'Bits of it that count.' }),
  dstipaddr: attribute(address, { doc: 'Address of the receiver.' }),
  dstipmask: attribute(mask, { doc: 'Bits of it that count.' }),
});
const ports = {
  srcportstart: attribute(word, { doc: 'Port of the sender, or the first of several.' }),
  srcportend: attribute(word, { doc: 'The last of them.' }),
  dstportstart: attribute(word, { doc: 'Port of the receiver, or the first of several.' }),
  dstportend: attribute(word, { doc: 'The last of them.' }),
};
const differentiated = { dscp: attribute(dscp, { doc: 'Differentiated services code point.' }) };

/** Packets of a transport: addresses of one family, and the connection. */
const packets = (address: typeof ipv4, mask: typeof ipv4) => ({
  ...source,
  ...addresses(address, mask),
  srcipfrom: attribute(address, { doc: 'First of the addresses of the sender.' }),
  srcipto: attribute(address, { doc: 'The last of them.' }),
  dstipfrom: attribute(address, { doc: 'First of the addresses of the receiver.' }),
  dstipto: attribute(address, { doc: 'The last of them.' }),
  ...differentiated,
  connlimitAbove: attribute(word, {
    name: 'connlimit-above',
    doc: 'It counts with more connections of the sender than that.',
  }),
  state: attribute(connectionState, { doc: 'What is known of the connection.' }),
  ipset: attribute(ipset, { doc: 'A set of the kernel that an address is in.', since: '0.9.13' }),
  ipsetflags: attribute(ipsetFlags, { doc: 'Which addresses are looked up in it.', since: '0.9.13' }),
});
const four = packets(ipv4, ipv4Mask);
const six = packets(ipv6, ipv6Mask);
const icmpKind = {
  type: attribute(byte, { doc: 'Type of the message.' }),
  code: attribute(byte, { doc: 'Its code.' }),
};
const tcp = {
  option: attribute(byte, { doc: 'An option that it has.' }),
  flags: attribute(tcpFlags, { doc: 'Its flags.', since: '0.9.1' }),
};

const stp = (name: string, scalar: typeof word, doc: string) => attribute(scalar, { name, doc });
const spanningTree = {
  ...sourceAndMask,
  type: attribute(byte, { doc: 'Type of the message.' }),
  flags: attribute(byte, { doc: 'Its flags.' }),
  rootPriority: stp('root-priority', word, 'Priority of the root, or the least that counts.'),
  rootPriorityHi: stp('root-priority-hi', word, 'The most that counts.'),
  rootAddress: stp('root-address', mac, 'Hardware address of the root.'),
  rootAddressMask: stp('root-address-mask', macMask, 'Bits of it that count.'),
  rootCost: stp('root-cost', long, 'Cost of the way to the root, or the least that counts.'),
  rootCostHi: stp('root-cost-hi', long, 'The most that counts.'),
  senderPriority: stp('sender-priority', word, 'Priority of the sender, or the least that counts.'),
  senderPriorityHi: stp('sender-priority-hi', word, 'The most that counts.'),
  senderAddress: stp('sender-address', mac, 'Hardware address of the sender.'),
  senderAddressMask: stp('sender-address-mask', macMask, 'Bits of it that count.'),
  port: stp('port', word, 'Port, or the least that counts.'),
  portHi: stp('port-hi', word, 'The most that counts.'),
  age: stp('age', word, 'Age of the message, or the least that counts.'),
  ageHi: stp('age-hi', word, 'The most that counts.'),
  maxAge: stp('max-age', word, 'Largest age, or the least that counts.'),
  maxAgeHi: stp('max-age-hi', word, 'The most that counts.'),
  helloTime: stp('hello-time', word, 'Time between messages, or the least that counts.'),
  helloTimeHi: stp('hello-time-hi', word, 'The most that counts.'),
  forwardDelay: stp('forward-delay', word, 'Delay before a port forwards, or the least that counts.'),
  forwardDelayHi: stp('forward-delay-hi', word, 'The most that counts.'),
};

const resolution = {
  ...ethernet,
  hwtype: attribute(word, { doc: 'Kind of hardware.' }),
  protocoltype: attribute(word, { doc: 'Kind of protocol.' }),
  opcode: attribute(arpOperation, { doc: 'What is asked or answered.' }),
  arpsrcmacaddr: attribute(mac, { doc: 'Hardware address of the sender, in the packet.' }),
  arpdstmacaddr: attribute(mac, { doc: 'Hardware address of the receiver, in the packet.' }),
  arpsrcipaddr: attribute(ipv4, { doc: 'Address of the sender.' }),
  arpsrcipmask: attribute(ipv4Mask, { doc: 'Bits of it that count.' }),
  arpdstipaddr: attribute(ipv4, { doc: 'Address of the receiver.' }),
  arpdstipmask: attribute(ipv4Mask, { doc: 'Bits of it that count.' }),
  gratuitous: attribute(trueFalse, { doc: 'Whether it announces without being asked.' }),
};

const protocol = { protocol: attribute(ipProtocol, { doc: 'What the packet holds.' }) };
const of = <const F extends Fields>(doc: string, fields: F) => ({ doc, fields: { ...fields, ...comment } });

/** With `match` no, a packet matches that differs; without attributes every one of the protocol does. */
export const protocolMatch = variants(
  'match',
  {
    doc: 'The packets that the rule is for; an element for each protocol.',
    isClosed: true,
    isClosedToAttributes: true,
    example: "<tcp srcipaddr='$IP' dstportstart='22'/>",
    fields: { match: attribute(yesNo, { doc: 'Whether packets match that are so, or those that are not.' }) },
    choice: {
      by: 'kind',
      isName: true,
      doc: 'The protocol.',
      variants: {
        mac: of('Ethernet.', {
          ...ethernet,
          protocolid: attribute(ethernetType, { doc: 'What the frame holds.' }),
        }),
        vlan: of('Tagged frames.', {
          ...ethernet,
          vlanid: attribute(numberTo(4095), { doc: 'Number of the VLAN.' }),
          encapProtocol: attribute(taggedType, { name: 'encap-protocol', doc: 'What the frame holds.' }),
        }),
        stp: of('The spanning tree protocol.', spanningTree),
        arp: of('ARP.', resolution),
        rarp: of('RARP.', resolution),
        ip: of('IPv4, seen by the bridge.', {
          ...ethernet,
          ...addresses(ipv4, ipv4Mask),
          ...protocol,
          ...ports,
          ...differentiated,
        }),
        ipv6: of('IPv6, seen by the bridge.', {
          ...ethernet,
          ...addresses(ipv6, ipv6Mask),
          ...protocol,
          ...ports,
          type: attribute(byte, { doc: 'Type of the ICMPv6 message, or the first of several.' }),
          typeend: attribute(byte, { doc: 'The last of them.' }),
          code: attribute(byte, { doc: 'Code of the message, or the first of several.' }),
          codeend: attribute(byte, { doc: 'The last of them.' }),
        }),
        tcp: of('TCP.', { ...four, ...ports, ...tcp }),
        udp: of('UDP.', { ...four, ...ports }),
        sctp: of('SCTP.', { ...four, ...ports }),
        icmp: of('ICMP.', { ...four, ...icmpKind }),
        igmp: of('IGMP.', four),
        all: of('All of IPv4.', four),
        esp: of('ESP.', four),
        ah: of('AH.', four),
        udplite: of('UDP-Lite.', four),
        'tcp-ipv6': of('TCP over IPv6.', { ...six, ...ports, ...tcp }),
        'udp-ipv6': of('UDP over IPv6.', { ...six, ...ports }),
        'sctp-ipv6': of('SCTP over IPv6.', { ...six, ...ports }),
        icmpv6: of('ICMPv6.', { ...six, ...icmpKind }),
        'all-ipv6': of('All of IPv6.', six),
        'esp-ipv6': of('ESP over IPv6.', six),
        'ah-ipv6': of('AH over IPv6.', six),
        'udplite-ipv6': of('UDP-Lite over IPv6.', six),
      },
    },
  },
  {
    libvirt(model) {
      const { match, kind, ...fields } = model;
      const isNegative = match === false && Object.values(fields).some((field) => field !== undefined);
      return { ...model, match: isNegative ? false : undefined };
    },
    check(model, report) {
      if (model.kind !== 'ip' && model.kind !== 'ipv6') return;
      const { protocol: held = '' } = model;
      for (const key of ['srcportstart', 'srcportend', 'dstportstart', 'dstportend'] as const) {
        if (
          model[key] === undefined ||
          held.startsWith('$') ||
          withPorts.has(ipProtocol.normal?.(held) ?? '')
        )
          continue;
        report.error('conflict', [key], 'only packets of tcp, udp, sctp or dccp (33) have ports', {
          found: held,
          expected: "protocol='tcp'",
        });
      }
    },
  },
);

const withPorts: ReadonlySet<string> = new Set(['tcp', 'udp', 'sctp', '33', '0x21']);

/** Fields of a packet by the protocol, which is its `kind`. */
export type ProtocolMatch = Infer<typeof protocolMatch>;
