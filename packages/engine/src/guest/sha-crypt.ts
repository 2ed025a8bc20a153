// crypt(3) with SHA-512 (`$6$`), which every C library reads: Ulrich Drepper's "Unix crypt using SHA-256 and SHA-512".
// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';

const ROUNDS = 5000;
const letters = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

const sha512 = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha512');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** The bytes over and over, so many of them. */
const repeated = (bytes: Buffer, length: number): Buffer =>
  Buffer.concat(Array<Buffer>(Math.ceil(length / bytes.length)).fill(bytes)).subarray(0, length);

/** `salt` has at most 16 of crypt's letters. */
export function shaCrypt(password: string, salt: string): string {
  const key = Buffer.from(password, 'utf8');
  const salted = Buffer.from(salt, 'latin1');
  const inner = sha512(key, salted, key);
  const bits = [...key.length.toString(2)].reverse().map((bit) => (bit === '1' ? inner : key));
  const first = sha512(key, salted, repeated(inner, key.length), ...bits);
  const keys = repeated(sha512(...Array<Buffer>(key.length).fill(key)), key.length);
  const salts = repeated(sha512(...Array<Buffer>(16 + (first[0] ?? 0)).fill(salted)), salted.length);
  let last = first;
  for (let round = 0; round < ROUNDS; round++) {
    const isOdd = round % 2 === 1;
    last = sha512(
      isOdd ? keys : last,
      ...(round % 3 === 0 ? [] : [salts]),
      ...(round % 7 === 0 ? [] : [keys]),
      isOdd ? last : keys,
    );
  }
  return `$6$${salt}$${encoded(last)}`;
}

/** Three bytes in four letters, the lowest bits first; each three are a third of the hash apart, and take turns. */
function encoded(hash: Buffer): string {
  const at = (place: number): number => hash[place] ?? 0;
  const groups = Array.from({ length: 21 }, (_, row) => {
    const three = [row, row + 21, row + 42];
    const turn = row % 3;
    const [high = 0, middle = 0, low = 0] = [...three.slice(turn), ...three.slice(0, turn)];
    return inLetters((at(high) << 16) | (at(middle) << 8) | at(low), 4);
  });
  return groups.join('') + inLetters(at(63), 2);
}

const inLetters = (bits: number, count: number): string =>
  Array.from({ length: count }, (_, place) => letters[(bits >> (6 * place)) & 63]).join('');
