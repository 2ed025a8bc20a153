// The fields of packets by the attributes of a rule's protocol, in nft's words.
// SPDX-License-Identifier: Apache-2.0

import {
  type Condition,
  ip4Type,
  ip6Type,
  macType,
  numberType,
  rawType,
  type Value,
  type ValueType,
  valueIn,
} from './condition.js';
import type { FilterRule } from './tree.js';

/** What a rule says of packets. */
export type Match = NonNullable<FilterRule['match']>;
type Protocol = Match['kind'];

/** Where a value is looked for; `back` is the same of what goes the other way. */
interface Place {
  readonly field: string;
  readonly back: string;
  readonly type: ValueType;
}

const place = (field: string, type: ValueType, back = field): Place => ({ field, back, type });
const raw = (field: string, type: ValueType): Place => place(field, rawType(type));

const byte = numberType(1);
const word = numberType(2);
const long = numberType(4);
const etherTypes = { arp: 0x806, rarp: 0x8035, ipv4: 0x800, ipv6: 0x86dd, vlan: 0x8100 };
const protocolNumbers = {
  tcp: 6,
  udp: 17,
  udplite: 136,
  esp: 50,
  ah: 51,
  icmp: 1,
  igmp: 2,
  sctp: 132,
  icmpv6: 58,
};
const operations = {
  request: 1,
  reply: 2,
  request_reverse: 3,
  reply_reverse: 4,
  drarp_request: 5,
  drarp_reply: 6,
  drarp_error: 7,
  inarp_request: 8,
  arp_nak: 9,
};
const etherType = numberType(2, etherTypes);
const protocolNumber = numberType(1, protocolNumbers);
const operation = numberType(2, operations);

/** The number of a protocol that a rule names. */
export const numberOfProtocol = (name: string): number => Number(protocolNumber.text(name));

const bothWays = (source: string, destination: string, type: ValueType) =>
  [place(source, type, destination), place(destination, type, source)] as const;

const [srcmac, dstmac] = bothWays('ether saddr', 'ether daddr', macType);
const [src4, dst4] = bothWays('ip saddr', 'ip daddr', ip4Type);
const [src6, dst6] = bothWays('ip6 saddr', 'ip6 daddr', ip6Type);
const [srcport, dstport] = bothWays('th sport', 'th dport', word);

/** How the values of a condition stand in attributes: one, or with its mask, its prefix, or its other end. */
interface Row {
  readonly at: Place;
  readonly from: string;
  readonly to?: string;
  readonly as?: 'network' | 'range' | 'mask';
}
const one = (from: string, at: Place): Row => ({ at, from });
const masked = (from: string, to: string, at: Place): Row => ({ at, from, to, as: 'mask' });
const network = (from: string, to: string, at: Place): Row => ({ at, from, to, as: 'network' });
const range = (from: string, to: string, at: Place): Row => ({ at, from, to, as: 'range' });

const ethernet: readonly Row[] = [
  masked('srcmacaddr', 'srcmacmask', srcmac),
  masked('dstmacaddr', 'dstmacmask', dstmac),
];
const networks = (source: Place, destination: Place): readonly Row[] => [
  network('srcipaddr', 'srcipmask', source),
  network('dstipaddr', 'dstipmask', destination),
];
const ports: readonly Row[] = [
  range('srcportstart', 'srcportend', srcport),
  range('dstportstart', 'dstportend', dstport),
];
const packet = (source: Place, destination: Place, dscp: string): readonly Row[] => [
  one('srcmacaddr', srcmac),
  ...networks(source, destination),
  range('srcipfrom', 'srcipto', source),
  range('dstipfrom', 'dstipto', destination),
  one('dscp', place(dscp, byte)),
];
const four = packet(src4, dst4, 'ip dscp');
const six = packet(src6, dst6, 'ip6 dscp');
const icmp = (name: string): readonly Row[] => [
  one('type', place(`${name} type`, byte)),
  one('code', place(`${name} code`, byte)),
];

/** Bits from the head of the frame on: LLC has no words in nft. */
const bpdu = (bit: number, type: ValueType, bits: number): Place => raw(`@ll,${bit},${bits}`, type);
const spanningTree: readonly Row[] = [
  masked('srcmacaddr', 'srcmacmask', srcmac),
  one('type', bpdu(160, byte, 8)),
  one('flags', bpdu(168, byte, 8)),
  range('rootPriority', 'rootPriorityHi', bpdu(176, word, 16)),
  masked('rootAddress', 'rootAddressMask', bpdu(192, macType, 48)),
  range('rootCost', 'rootCostHi', bpdu(240, long, 32)),
  range('senderPriority', 'senderPriorityHi', bpdu(272, word, 16)),
  masked('senderAddress', 'senderAddressMask', bpdu(288, macType, 48)),
  range('port', 'portHi', bpdu(336, word, 16)),
  range('age', 'ageHi', bpdu(352, word, 16)),
  range('maxAge', 'maxAgeHi', bpdu(368, word, 16)),
  range('helloTime', 'helloTimeHi', bpdu(384, word, 16)),
  range('forwardDelay', 'forwardDelayHi', bpdu(400, word, 16)),
];
/** Which address belongs to which, by what one frame says of its sender and of whom it looks for. */
interface Resolution {
  readonly head: readonly [hwtype: Place, protocoltype: Place, opcode: Place];
  readonly macs: readonly [source: Place, destination: Place];
  readonly ips: readonly [source: Place, destination: Place];
}
const resolution = ({ head: [hwtype, protocoltype, opcode], macs, ips }: Resolution): readonly Row[] => [
  ...ethernet,
  one('hwtype', hwtype),
  one('protocoltype', protocoltype),
  one('opcode', opcode),
  one('arpsrcmacaddr', macs[0]),
  one('arpdstmacaddr', macs[1]),
  network('arpsrcipaddr', 'arpsrcipmask', ips[0]),
  network('arpdstipaddr', 'arpdstipmask', ips[1]),
];
const arp = resolution({
  head: [place('arp htype', word), place('arp ptype', word), place('arp operation', operation)],
  macs: bothWays('arp saddr ether', 'arp daddr ether', macType),
  ips: bothWays('arp saddr ip', 'arp daddr ip', ip4Type),
});
/** Of the same form, and nft has no words for it. */
const rarp = resolution({
  head: [raw('@nh,0,16', word), raw('@nh,16,16', word), raw('@nh,48,16', operation)],
  macs: bothWays('@nh,64,48', '@nh,144,48', rawType(macType)),
  ips: bothWays('@nh,112,32', '@nh,192,32', rawType(ip4Type)),
});

/** What tells packets of a protocol from others, and where each of its attributes is. */
interface Described {
  readonly head: readonly string[];
  readonly rows: readonly Row[];
}
const of4 = (number: number | undefined, rows: readonly Row[]): Described => ({
  head: ['ether type ip', ...(number === undefined ? [] : [`meta l4proto ${number}`])],
  rows: [...four, ...rows],
});
const of6 = (number: number | undefined, rows: readonly Row[]): Described => ({
  head: ['ether type ip6', ...(number === undefined ? [] : [`meta l4proto ${number}`])],
  rows: [...six, ...rows],
});

/** By protocol. */
export const described: Readonly<Record<Protocol, Described>> = {
  mac: { head: [], rows: [...ethernet, one('protocolid', place('ether type', etherType))] },
  vlan: {
    head: ['ether type vlan'],
    rows: [
      ...ethernet,
      one('vlanid', place('vlan id', word)),
      one('encapProtocol', place('vlan type', etherType)),
    ],
  },
  stp: { head: ['ether daddr 01:80:c2:00:00:00', '@ll,112,24 0x424203'], rows: spanningTree },
  arp: { head: ['ether type arp'], rows: arp },
  rarp: { head: ['ether type 0x8035'], rows: rarp },
  ip: {
    head: ['ether type ip'],
    rows: [
      ...ethernet,
      ...networks(src4, dst4),
      one('protocol', place('ip protocol', protocolNumber)),
      ...ports,
      one('dscp', place('ip dscp', byte)),
    ],
  },
  ipv6: {
    head: ['ether type ip6'],
    rows: [
      ...ethernet,
      ...networks(src6, dst6),
      one('protocol', place('meta l4proto', protocolNumber)),
      ...ports,
      range('type', 'typeend', place('icmpv6 type', byte)),
      range('code', 'codeend', place('icmpv6 code', byte)),
    ],
  },
  tcp: of4(6, ports),
  udp: of4(17, ports),
  sctp: of4(132, ports),
  icmp: of4(1, icmp('icmp')),
  igmp: of4(2, []),
  all: of4(undefined, []),
  esp: of4(50, []),
  ah: of4(51, []),
  udplite: of4(136, []),
  'tcp-ipv6': of6(6, ports),
  'udp-ipv6': of6(17, ports),
  'sctp-ipv6': of6(132, ports),
  icmpv6: of6(58, icmp('icmpv6')),
  'all-ipv6': of6(undefined, []),
  'esp-ipv6': of6(50, []),
  'ah-ipv6': of6(51, []),
  'udplite-ipv6': of6(136, []),
};

const frames: ReadonlySet<Protocol> = new Set(['mac', 'vlan', 'stp', 'arp', 'rarp', 'ip', 'ipv6']);
/** Whether it is looked at as a frame, in the order of chains; packets are, after them, by their rules' priorities. */
export const isOfFrames = (match: Match | undefined): boolean =>
  match === undefined || frames.has(match.kind);

/** The attributes of a rule that are there, as texts. */
export const attributesOf = (match: Match): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(match).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );

/** A condition, or one whose mask nft has words for and a set has not. */
export interface Looked extends Condition {
  readonly mask?: string;
  /** Whether a set may hold its values. */
  readonly isKey: boolean;
}

/** What a rule looks at, in packets that go its way or `back`. */
export function looksOf(match: Match, back: boolean): Looked[] {
  const said = attributesOf(match);
  const isNot = match.match === false;
  return described[match.kind].rows.flatMap(({ at, from, to, as }): Looked[] => {
    const first = said.get(from);
    const second = to === undefined ? undefined : said.get(to);
    if (first === undefined) return [];
    const common = {
      field: back ? at.back : at.field,
      type: at.type,
      isNot,
      isKey: !notKeys.has(at.field) && !at.field.startsWith('@ll'),
    };
    const values = [valueIn(first)] as const;
    if (second === undefined || second === first) return [{ ...common, values, as: 'value' }];
    if (as === 'mask') return [{ ...common, values, as: 'value', mask: second, isKey: false }];
    const pair: readonly [Value, Value] = [valueIn(first), valueIn(second)];
    return [{ ...common, values: pair, as: as === 'network' ? 'network' : 'range' }];
  });
}

/** Fields of some bits: a set would compare whole bytes. */
const notKeys: ReadonlySet<string> = new Set(['ip dscp', 'ip6 dscp', 'vlan id']);
