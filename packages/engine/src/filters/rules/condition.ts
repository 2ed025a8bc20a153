// What a rule looks at in a packet, and with which values: said in the rule itself, or of each link by elements of a set.
// SPDX-License-Identifier: Apache-2.0
import { isIP } from 'node:net';
import { EngineError } from '../../errors.js';
import { addressBytes, addressText, macText, networkOf } from '../../host/address-bytes.js';

/** A kind of value: as nft reads it, and as the kernel compares it. */
export interface ValueType {
  readonly text: (value: string) => string;
  readonly bytes: (value: string) => Buffer;
  /** Whether nft knows it as a number alone, and so a network as the numbers from its first to its last. */
  readonly isRaw?: boolean;
}

/** A value that a rule gives: a text, or a variable by its name and which of its values are meant. */
export type Value = string | Variable;
/** `at` is one value; `iterator` numbers those that go through their values together. */
export interface Variable {
  readonly name: string;
  readonly at?: number;
  readonly iterator: number;
}

/** One look at a packet. Several values are the ends of a range, or a network and its prefix. */
export interface Condition {
  /** nft's word for the field. */
  readonly field: string;
  readonly type: ValueType;
  readonly values: readonly [Value] | readonly [Value, Value];
  readonly as: 'value' | 'range' | 'network';
  readonly isNot: boolean;
}

/** A field of `bytes` that is a number, or a word for one; as nft's raw payload has it, in hexadecimal. */
export const numberType = (bytes: number, words: Readonly<Record<string, number>> = {}): ValueType => {
  const numberOf = (value: string): number => {
    const number = words[value.toLowerCase()] ?? (/^(?:0x[0-9a-f]+|\d+)$/i.test(value) ? Number(value) : -1);
    if (!Number.isInteger(number) || number < 0 || number >= 2 ** (8 * bytes))
      throw badValue(value, `a number below ${2 ** (8 * bytes)}`);
    return number;
  };
  return {
    text: (value) => String(numberOf(value)),
    bytes: (value) => {
      const buffer = Buffer.alloc(bytes);
      buffer.writeUIntBE(numberOf(value), 0, bytes);
      return buffer;
    },
  };
};

const macBytes = (value: string): Buffer => {
  const octets = value.split(':');
  if (octets.length !== 6 || !octets.every((octet) => /^[0-9a-f]{1,2}$/i.test(octet)))
    throw badValue(value, 'a hardware address');
  return Buffer.from(octets.map((octet) => Number.parseInt(octet, 16)));
};
/** A hardware address. */
export const macType: ValueType = {
  text: (value) => macText(macBytes(value)),
  bytes: macBytes,
};

const addressType = (family: 4 | 6): ValueType => {
  const bytes = (value: string): Buffer => {
    if (isIP(value) !== family) throw badValue(value, `an IPv${family} address`);
    return addressBytes(value);
  };
  return { bytes, text: (value) => addressText(bytes(value)) };
};
/** Addresses of either family. */
export const ip4Type = addressType(4);
export const ip6Type = addressType(6);

/** As a number of the raw payload: what nft has no words for. */
export const rawType = ({ bytes }: ValueType): ValueType => ({
  bytes,
  isRaw: true,
  text: (value) => `0x${bytes(value).toString('hex')}`,
});

/** A value that stands for nothing of its kind. */
const badValue = (value: string, expected: string): EngineError =>
  new EngineError('invalid', `'${value}' is not ${expected}`);

/** The text as a value: `$NAME`, `$NAME[2]` and `$NAME[@1]` are variables. */
export function valueIn(text: string): Value {
  const [, name, at, number] = /^\$\s*(\w+)\s*(?:\[\s*(@?)(\d+)\s*\])?\s*$/.exec(text) ?? [];
  if (name === undefined) return text;
  if (number === undefined) return { name, iterator: 0 };
  return at === '@' ? { name, iterator: Number(number) } : { name, at: Number(number), iterator: -1 };
}

/** Ends of what these values stand for, both included, as the kernel compares them. */
export function endsOf(
  { type, as }: Pick<Condition, 'type' | 'as'>,
  values: readonly string[],
): readonly [first: Buffer, last: Buffer] {
  const [first = '', second = ''] = values;
  const bytes = type.bytes(first);
  if (as === 'value') return [bytes, bytes];
  if (as === 'range') {
    const last = type.bytes(second);
    if (bytes.compare(last) > 0) throw badValue(`${first}-${second}`, 'a range: it ends before it begins');
    return [bytes, last];
  }
  const prefix = prefixOf(second, bytes.length * 8);
  const low = networkOf(bytes, prefix);
  const ones = Buffer.alloc(bytes.length, 0xff);
  const hosts = networkOf(ones, prefix).map((byte) => ~byte & 0xff);
  return [low, Buffer.from(low.map((byte, at) => byte | (hosts[at] ?? 0)))];
}

/** The same as nft reads it. */
export function textOf(condition: Pick<Condition, 'type' | 'as'>, values: readonly string[]): string {
  const { type, as } = condition;
  const [first = '', second = ''] = values;
  if (as === 'value') return type.text(first);
  const [low, high] = endsOf(condition, values);
  if (type.isRaw === true) return `0x${low.toString('hex')}-0x${high.toString('hex')}`;
  if (as === 'range') return `${type.text(first)}-${type.text(second)}`;
  return `${type.text(first)}/${prefixOf(second, type.bytes(first).length * 8)}`;
}

function prefixOf(mask: string, bits: number): number {
  const ones = /^\d{1,3}$/.test(mask)
    ? Number(mask)
    : isIP(mask) === 0
      ? bits + 1
      : [...addressBytes(mask)].reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
  if (ones > bits) throw badValue(mask, `a prefix of up to ${bits}`);
  return ones;
}
