// Values of a filter's rules: each may be a variable, and is kept as it is written.
// SPDX-License-Identifier: Apache-2.0
import { addressNumber, type Family, familyOf, normalAddress, prefixOf } from '../address.js';
import { type Grammar, pattern, type Scalar } from '../schema/scalar.js';

const name = '[A-Za-z0-9_]+';
const variable = new RegExp(`^\\$ *(${name})(?:\\[ *(@?)(\\d{1,9}) *\\])? *$`);
const variablePattern = `\\$ *${name}(\\[ *@?\\d{1,9} *\\])? *`;

/** The first of several that are walked through together needs no number. */
function normalVariable(text: string): string | undefined {
  const [, word, at = '', number] = variable.exec(text) ?? [];
  if (word === undefined) return undefined;
  if (number === undefined || (at === '@' && Number(number) === 0)) return `$${word}`;
  return `$${word}[${at}${Number(number)}]`;
}

/** What reads a value: its normal spelling, undefined where it is none. */
type Spell = (text: string) => string | undefined;

function value(expected: string, source: string, examples: readonly string[], spell: Spell): Scalar<string> {
  const grammar: Grammar = {
    kind: 'pattern',
    pattern: `${source}|${variablePattern}`,
    examples: [...examples, '$NAME', '$NAME[@2]'],
  };
  const normal = (text: string): string => normalVariable(text) ?? spell(text) ?? text;
  return {
    expected: `${expected}, or a variable such as $IP`,
    grammar,
    parse: (text) => {
      const word = text.trim();
      return (normalVariable(word) ?? spell(word)) === undefined ? undefined : word;
    },
    format: (text) => text,
    normal,
  };
}

const octets = (text: string): readonly string[] | undefined =>
  /^[0-9a-fA-F]{1,2}(:[0-9a-fA-F]{1,2}){5}$/.test(text)
    ? text.split(':').map((octet) => octet.padStart(2, '0').toLowerCase())
    : undefined;
const macPattern = '[0-9a-fA-F]{1,2}(:[0-9a-fA-F]{1,2}){5}';

/** Any hardware address, that of a group, too. */
export const mac = value('a hardware address', macPattern, ['01:80:c2:00:00:00'], (text) =>
  octets(text)?.join(':'),
);

/** Ones, and zeros behind them. */
export const macMask = value('a mask of a hardware address', macPattern, ['ff:ff:ff:00:00:00'], (text) => {
  const bits = octets(text)
    ?.map((octet) => Number.parseInt(octet, 16).toString(2).padStart(8, '0'))
    .join('');
  return bits !== undefined && /^1*0*$/.test(bits) ? octets(text)?.join(':') : undefined;
});

const ofFamily =
  (family: Family): Spell =>
  (text) =>
    familyOf(text) === family ? normalAddress(text) : undefined;

/** Of IPv4. */
export const ipv4 = value('an IPv4 address', '[0-9.]+', ['10.1.2.3'], ofFamily('ipv4'));
/** Of IPv6. */
export const ipv6 = value('an IPv6 address', '[0-9a-fA-F:.]+', ['2001:db8::5'], ofFamily('ipv6'));

/** Ones of an IPv6 mask, if they all stand in front. */
function prefixOfSix(mask: string): number | undefined {
  const number = familyOf(mask) === 'ipv6' ? addressNumber(mask) : undefined;
  const bits = number?.toString(2).padStart(128, '0');
  return bits !== undefined && /^1*0*$/.test(bits) ? bits.lastIndexOf('1') + 1 : undefined;
}

const prefix =
  (most: number, ofMask: (mask: string) => number | undefined): Spell =>
  (text) => {
    const length = /^\d{1,3}$/.test(text) ? Number(text) : ofMask(text);
    return length === undefined || length > most ? undefined : String(length);
  };

/** A prefix, or a mask that stands for one. */
export const ipv4Mask = value(
  'a prefix or mask of IPv4',
  '[0-9.]+',
  ['24', '255.255.255.0'],
  prefix(32, prefixOf),
);
/** Of IPv6. */
export const ipv6Mask = value(
  'a prefix or mask of IPv6',
  '[0-9a-fA-F:.]+',
  ['64', 'ffff::'],
  prefix(128, prefixOfSix),
);

const numberPattern = '0x[0-9a-fA-F]{1,8}|\\d{1,10}';

/** Hexadecimal stays so. */
function spellNumber(text: string, least: number, most: number): string | undefined {
  const isHex = /^0x[0-9a-fA-F]{1,8}$/.test(text);
  if (!isHex && !/^\d{1,10}$/.test(text)) return undefined;
  const number = Number(text);
  if (number < least || number > most) return undefined;
  return isHex ? `0x${number.toString(16)}` : String(number);
}

/** A number in decimal, or in hexadecimal after 0x. */
export const numberTo = (most: number): Scalar<string> =>
  value(`a number, 0 to ${most}`, numberPattern, ['1', '0x7'], (text) => spellNumber(text, 0, most));

/** A number, or a word for one, in whatever case. */
function named(
  expected: string,
  words: Readonly<Record<string, number>>,
  [least, most]: readonly [number, number],
): Scalar<string> {
  const all = Object.entries(words);
  return value(
    `${expected}: ${Object.keys(words).join(', ')} or a number, ${least} to ${most}`,
    `[A-Za-z0-9_]+`,
    [all[0]?.[0] ?? '', String(most)],
    (text) => {
      const word = all.find(([one]) => one.toLowerCase() === text.toLowerCase());
      if (word !== undefined) return word[0];
      const number = spellNumber(text, least, most);
      return all.find(([, one]) => number !== undefined && one === Number(number))?.[0] ?? number;
    },
  );
}

const ethernetTypes = { arp: 0x806, rarp: 0x8035, ipv4: 0x800, ipv6: 0x86dd, vlan: 0x8100 };
/** What an Ethernet frame holds. */
export const ethernetType = named('a protocol', ethernetTypes, [0x600, 0xffff]);
/** What a tagged frame holds. */
export const taggedType = named('a protocol', ethernetTypes, [0x3c, 0xffff]);

/** What an IP packet holds. */
export const ipProtocol = named(
  'a protocol',
  { tcp: 6, udp: 17, udplite: 136, esp: 50, ah: 51, icmp: 1, igmp: 2, sctp: 132, icmpv6: 58 },
  [0, 255],
);

/** What an ARP packet asks or answers. */
export const arpOperation = named(
  'an operation',
  {
    Request: 1,
    Reply: 2,
    Request_Reverse: 3,
    Reply_Reverse: 4,
    DRARP_Request: 5,
    DRARP_Reply: 6,
    DRARP_Error: 7,
    InARP_Request: 8,
    ARP_NAK: 9,
  },
  [0, 65_535],
);

/** Words of a list in the order that libvirt writes them; undefined for any other. */
function inOrder(text: string, words: readonly string[]): readonly string[] | undefined {
  const given = text.toUpperCase().split(',');
  return given.every((word) => words.includes(word))
    ? words.filter((word) => given.includes(word))
    : undefined;
}

const states = ['NEW', 'ESTABLISHED', 'RELATED', 'INVALID', 'NONE'];
/** What the kernel knows of the connection. */
export const connectionState = value(
  'states of a connection: NEW, ESTABLISHED, RELATED, INVALID with commas, or NONE',
  '[A-Za-z,]+',
  ['NEW,ESTABLISHED', 'NONE'],
  (text) => {
    const found = inOrder(text, states);
    return found?.includes('NONE') === true ? 'NONE' : found?.join(',');
  },
);

const tcpBits = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'];
function spellBits(text: string): string | undefined {
  const word = text.toUpperCase();
  if (word === 'ALL' || word === 'NONE') return word;
  const found = inOrder(text, tcpBits);
  return found?.length === tcpBits.length ? 'ALL' : found?.join(',');
}
/** Which flags are looked at, and which of them are set. */
export const tcpFlags = value(
  'flags as MASK/SET, such as SYN,ACK/SYN',
  '[A-Za-z,]+/[A-Za-z,]+',
  ['SYN,ACK/SYN'],
  (text) => {
    const [mask, set, ...more] = text.split('/').map(spellBits);
    return mask === undefined || set === undefined || more.length > 0 ? undefined : `${mask}/${set}`;
  },
);

/** The name of a set of the kernel's. */
export const ipset = value(
  'a name of up to 31 characters',
  '[A-Za-z0-9_.:+\\- ]{1,31}',
  ['blocked'],
  (text) => (/^[A-Za-z0-9_.:+\- ]{1,31}$/.test(text) ? text : undefined),
);
/** Which address of a packet is looked up in each dimension of the set. */
export const ipsetFlags = pattern(
  'up to six of src and dst, with commas',
  '([Ss][Rr][Cc]|[Dd][Ss][Tt])(,([Ss][Rr][Cc]|[Dd][Ss][Tt])){0,5}',
  ['src,dst', 'src'],
  (text) => text.toLowerCase(),
);

const yes = ['yes', 'true', '1'];
const words = ['true', 'false', 'yes', 'no', '1', '0'];
/** Whether, in any of libvirt's three spellings. */
export const trueFalse: Scalar<boolean> = {
  expected: `one of ${words.join(', ')}`,
  grammar: { kind: 'enum', values: words },
  parse: (text) => (words.includes(text.trim()) ? yes.includes(text.trim()) : undefined),
  format: String,
};
