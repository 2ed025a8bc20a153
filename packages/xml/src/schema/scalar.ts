// Scalar values of attributes and text: how each is read, written and described.
// SPDX-License-Identifier: Apache-2.0
import { normalAddress } from '../address.js';

/** What a grammar (RELAX NG, JSON Schema, a reference page) needs to know of a scalar. */
export type Grammar =
  | { readonly kind: 'text'; readonly nonEmpty?: boolean; readonly oneLine?: boolean }
  | { readonly kind: 'enum'; readonly values: readonly string[] }
  | { readonly kind: 'integer'; readonly min: number; readonly max: number }
  | { readonly kind: 'pattern'; readonly pattern: string; readonly examples: readonly string[] };

/**
 * One value written as text; `parse` answers undefined for a text it does not accept. Tables hold scalars of all types as `Scalar<unknown>`:
 * each is given only values that it parsed itself, or that its field's type admits.
 */
export interface Scalar<T> {
  readonly expected: string;
  readonly grammar: Grammar;
  parse(text: string): T | undefined;
  format(value: T): string;
  /** libvirt's own spelling of the value, where it has one. */
  normal?(value: T): T;
}

const same = (text: string): string => text;
const blank = /^\s|\s$/;
/** XML lets people break lines inside a value; only free text keeps its outer white space. */
const trim = (text: string): string => (blank.test(text) ? text.trim() : text);

/** Any text, with the white space around it. */
export const anyText: Scalar<string> = {
  expected: 'text',
  grammar: { kind: 'text' },
  parse: same,
  format: same,
};

/** What lists show of a document. */
export const titleText: Scalar<string> = pattern('a text without line breaks', String.raw`[^\n]*`, [
  'A title',
  '',
]);

/** The name of a document, by which its file is called, too. */
export const documentName = pattern('a name without slashes and control characters', '[^/\\p{Cc}]+', [
  'default',
  'customers-1',
]);

const control = /\p{Cc}/u;

/** What goes into one line of a file or a message: control characters, line breaks among them, would make it another. */
export const lineText: Scalar<string> = {
  expected: 'a text without control characters',
  grammar: { kind: 'text', oneLine: true },
  parse: (text) => (control.test(text) ? undefined : text),
  format: same,
};

/** Whatever another system's file holds, kept as it is. */
export const keptText: Scalar<string> = {
  expected: 'a text that is not empty',
  grammar: { kind: 'text', nonEmpty: true },
  parse: (text) => (text === '' ? undefined : text),
  format: same,
};

/** What names and paths are: one line that is not empty. */
export const nonEmptyText: Scalar<string> = {
  expected: 'a text that is not empty, without control characters',
  grammar: { kind: 'text', nonEmpty: true, oneLine: true },
  parse: (text) => (text === '' || control.test(text) ? undefined : text),
  format: same,
};

/** A text that matches a pattern without back references or nested repetition. */
export function pattern(
  expected: string,
  source: string,
  examples: readonly string[],
  normal: (value: string) => string = same,
): Scalar<string> {
  const expression = new RegExp(`^(?:${source})$`, 'u');
  return {
    expected,
    grammar: { kind: 'pattern', pattern: source, examples },
    parse: (text) => {
      const trimmed = trim(text);
      return expression.test(trimmed) ? trimmed : undefined;
    },
    format: same,
    normal,
  };
}

/** One of a closed list of words. */
export function oneOf<const V extends string>(...values: readonly V[]): Scalar<V> {
  const known = new Map<string, V>(values.map((value) => [value, value]));
  return {
    expected: values.length === 1 ? `'${values[0]}'` : `one of ${values.map((v) => `'${v}'`).join(', ')}`,
    grammar: { kind: 'enum', values },
    parse: (text) => known.get(text) ?? known.get(trim(text)),
    format: same,
  };
}

/** A whole number in decimal, within bounds that a double holds exactly. */
export function integer(min: number, max: number): Scalar<number> {
  return {
    expected:
      max === Number.MAX_SAFE_INTEGER ? `a whole number from ${min}` : `a whole number, ${min} to ${max}`,
    grammar: { kind: 'integer', min, max },
    parse: (text) => {
      if (!/^\s*[+-]?\d{1,20}\s*$/.test(text)) return undefined;
      const value = Number(text);
      return value >= min && value <= max ? value : undefined;
    },
    format: String,
  };
}

/** The digits that a number has in C, where its start tells the base. */
const cDigits = '0x[0-9a-fA-F]{1,8}|0[0-7]{0,11}|[1-9]\\d{0,9}';

/** A number from 0 as C reads it: decimal, `0x` and hexadecimal digits, or `0` and octal ones; written in decimal unless `format` says otherwise. */
export function cNumber(max: number, format: (value: number) => string = String): Scalar<number> {
  const expression = new RegExp(`^(?:${cDigits})$`);
  return {
    expected: `a number, 0 to ${max}, decimal or hexadecimal after 0x`,
    grammar: { kind: 'pattern', pattern: cDigits, examples: [format(1), format(Math.min(max, 7))] },
    parse: (text) => {
      const word = trim(text);
      if (!expression.test(word)) return undefined;
      const value = Number(/^0\d/.test(word) ? `0o${word.slice(1)}` : word);
      return value <= max ? value : undefined;
    },
    format,
  };
}

/** 0 to 65535. */
export const uint16 = integer(0, 65_535);
/** 0 to 4294967295, as ids and most counts of libvirt. */
export const uint32 = integer(0, 4_294_967_295);
/** 1 to 4294967295. */
export const positive32 = integer(1, 4_294_967_295);
/** -2147483648 to 2147483647. */
export const int32 = integer(-2_147_483_648, 2_147_483_647);
/** From 0 to 2⁵³ - 1, the largest that a double holds exactly. */
export const count = integer(0, Number.MAX_SAFE_INTEGER);
/** From -(2⁵³ - 1) to 2⁵³ - 1. */
export const signedCount = integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);

function bool(yes: string, no: string): Scalar<boolean> {
  return {
    expected: `'${yes}' or '${no}'`,
    grammar: { kind: 'enum', values: [yes, no] },
    parse: (text) => {
      const word = trim(text);
      return word === yes ? true : word === no ? false : undefined;
    },
    format: (value) => (value ? yes : no),
  };
}

/** True for `yes`. */
export const yesNo = bool('yes', 'no');
/** True for `on`. */
export const onOff = bool('on', 'off');

/** A UUID with or without hyphens or blanks, in either case; kept in libvirt's lower-case hyphenated form. */
export const uuid: Scalar<string> = {
  expected: 'a UUID such as 8509a1d4-1569-4467-8b37-4e433a1ac7b1',
  grammar: {
    kind: 'pattern',
    pattern: '[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}',
    examples: ['8509a1d4-1569-4467-8b37-4e433a1ac7b1'],
  },
  parse: (text) => {
    const hex = trim(text).replace(/[- ]/g, '').toLowerCase();
    if (!/^[0-9a-f]{32}$/.test(hex)) return undefined;
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  },
  format: same,
};

/** A MAC address, kept in libvirt's lower-case two-digit form. */
export const macAddress: Scalar<string> = {
  expected: 'a MAC address such as 52:54:00:12:34:56',
  grammar: {
    kind: 'pattern',
    pattern: '[0-9a-fA-F]{1,2}(:[0-9a-fA-F]{1,2}){5}',
    examples: ['52:54:00:12:34:56', '00:16:3e:0f:ef:8a'],
  },
  parse: (text) => {
    const word = trim(text);
    if (!/^[0-9a-fA-F]{1,2}(:[0-9a-fA-F]{1,2}){5}$/.test(word)) return undefined;
    return word
      .split(':')
      .map((octet) => octet.padStart(2, '0').toLowerCase())
      .join(':');
  },
  format: same,
};

/** A file mode in octal: 755 and 0755 are the same number. */
export const fileMode: Scalar<number> = {
  expected: 'an octal file mode such as 0755',
  grammar: { kind: 'pattern', pattern: '[0-7]{1,4}', examples: ['0755', '0640'] },
  parse: (text) => {
    const word = trim(text);
    return /^[0-7]{1,4}$/.test(word) ? Number.parseInt(word, 8) : undefined;
  },
  format: (value) => value.toString(8).padStart(4, '0'),
};

/** An address of either family; whether it is one, and of which, is checked where the family is known. */
export const ipAddress: Scalar<string> = {
  expected: 'an IPv4 or IPv6 address',
  grammar: {
    kind: 'pattern',
    pattern: String.raw`[0-9a-fA-F.:]+(%[^\s%]+)?`,
    examples: ['192.168.1.105', '10.0.0.1', '2001:db8::5', '::'],
  },
  parse: (text) => {
    const word = trim(text);
    // A zone may be any word, but one word.
    return /^[^\s\p{Cc}]+$/u.test(word) ? word : undefined;
  },
  format: same,
  normal: normalAddress,
};

const deviceByte = '!-.0-9;-~';
const notDot = '!-\\-0-9;-~';

/** The name of a network device, by the kernel's own rule (dev_valid_name): 15 bytes, no `.`, `..`, `/`, `:` or blank. */
export const deviceName = pattern(
  "a device's name: up to 15 characters, no blanks, slashes or colons",
  `[${notDot}][${deviceByte}]{0,14}|\\.[${notDot}][${deviceByte}]{0,13}|\\.\\.[${deviceByte}]{1,13}`,
  ['eth0', 'br-lan', 'veth105.0'],
);

const hostWord = pattern('a host name: up to 64 bytes, no blanks or slashes', '[^\\s\\p{Cc}/]{1,64}', [
  'web',
  'web.example.org',
]);

/** What the kernel takes as a host name, and resolvers as a word. */
export const hostName: Scalar<string> = {
  ...hostWord,
  parse: (text) => {
    const word = hostWord.parse(text);
    return word !== undefined && new TextEncoder().encode(word).length <= 64 ? word : undefined;
  },
};

const groupBit = /^.[13579bdf]|^00(:00){5}$/;

/** Of one link: neither of a group nor nobody's. */
export const ownMacAddress: Scalar<string> = {
  ...macAddress,
  expected: 'a MAC address of one link, such as 52:54:00:12:34:56',
  parse: (text) => {
    const address = macAddress.parse(text);
    return address === undefined || groupBit.test(address) ? undefined : address;
  },
};

/** The kernel keeps some for itself, and counts where it finds `%`. */
export const linkName: Scalar<string> = {
  ...deviceName,
  expected: "a link's name: up to 15 characters, no blanks, slashes, colons or %, and not lo, all or default",
  parse: (text) => {
    const name = deviceName.parse(text);
    return name === undefined || /%|^(?:lo|all|default)$/.test(name) ? undefined : name;
  },
};

/** On the host a name that it has is refused when the link is made. */
export const hostLinkName: Scalar<string> = {
  ...linkName,
  expected: "a link's name: up to 15 characters, no blanks, slashes, colons or %, and not all or default",
  parse: (text) => (trim(text) === 'lo' ? 'lo' : linkName.parse(text)),
};

/** One word of a line, such as a search domain. */
export const oneWord = pattern('a text without blanks and control characters', '[^\\s\\p{Cc}]+', [
  'example.org',
  'a',
]);

/** A name of the DNS as programs are given it, in lines where commas, slashes, quotes and hashes part words. */
export const dnsName = pattern(
  'a name without blanks, commas, slashes, quotes and hashes, up to 255 characters',
  '[^\\s\\p{Cc},/\\\\#\'"]{1,255}',
  ['example.org', 'web'],
);

/** The name of a variable of the environment, which ends at the first equals sign. */
export const variableName = pattern("a variable's name, without an equals sign", '[^=\\p{Cc}]+', [
  'LANG',
  'HOME',
]);
