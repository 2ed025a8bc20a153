// Addresses as the bytes they stand for, from text and to it.
// SPDX-License-Identifier: Apache-2.0

/** 4 or 16 bytes of an address in any of its forms. */
export function addressBytes(address: string): Buffer {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number));
  // The parser of URLs knows all forms and writes words in hexadecimal, with at most one gap.
  const plain = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = '', tail] = plain.split('::');
  const words = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16));
  const [first, last] = [words(head), words(tail ?? '')];
  const gap = new Array<number>(8 - first.length - last.length).fill(0);
  return Buffer.from([...first, ...gap, ...last].flatMap((word) => [word >> 8, word & 0xff]));
}

/** Whether it stands for all addresses of its family. */
export const isUnspecified = (address: string): boolean => addressBytes(address).every((byte) => byte === 0);

/** As nft reads it. */
export const addressText = (bytes: Buffer): string =>
  bytes.length === 4
    ? bytes.join('.')
    : Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(2 * at).toString(16)).join(':');

/** A hardware address: two hexadecimal digits for each byte, with colons. */
export const macText = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');

/** The address with all bits behind the first `bits` cleared. */
export function networkOf(address: Buffer, bits: number): Buffer {
  return Buffer.from(address.map((byte, at) => byte & (0xff << Math.max(0, Math.min(8, 8 - bits + 8 * at)))));
}

interface Prefixed {
  readonly address: string;
  readonly prefix: number;
}

/** Whether some address is in the networks of both. */
export function overlap(a: Prefixed, b: Prefixed): boolean {
  const bits = Math.min(a.prefix, b.prefix);
  const [one, other] = [addressBytes(a.address), addressBytes(b.address)];
  return one.length === other.length && networkOf(one, bits).equals(networkOf(other, bits));
}
