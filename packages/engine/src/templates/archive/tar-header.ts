// Parses one tar header block strictly: v7, ustar and GNU forms; whatever is ambiguous is refused.
// SPDX-License-Identifier: Apache-2.0
import { refuse } from './errors.js';
import { BLOCK } from './tar-write.js';

/** A header's fields; texts are byte strings (`latin1`) up to their first NUL. */
export interface TarHeader {
  name: string;
  mode: number;
  uid: number;
  gid: number;
  size: number;
  mtime: number;
  type: string;
  link: string;
  major: number;
  minor: number;
}

/** A byte string as people should see it: UTF-8 where it is, quoted, never with control characters. */
export function show(text: string): string {
  const shown = JSON.stringify(Buffer.from(text, 'latin1').toString('utf8').slice(0, 200));
  // JSON leaves DEL and the C1 controls as they are; terminals do not.
  return shown.replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Whether a block holds nothing but zeros. */
export function isZero(block: Buffer): boolean {
  for (const byte of block) if (byte !== 0) return false;
  return true;
}

/** A field's bytes up to the first NUL. */
export function textField(block: Buffer, offset: number, length: number): string {
  const text = block.toString('latin1', offset, offset + length);
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}

/** A number in octal, or in GNU's base 256; an empty field is 0. */
export function numberField(block: Buffer, offset: number, length: number, what: string): number {
  const first = block[offset] ?? 0;
  if (first === 0x80 || first === 0xff) {
    let value = first === 0xff ? -1n : 0n;
    for (let i = offset + 1; i < offset + length; i++) value = (value << 8n) | BigInt(block[i] ?? 0);
    const number = Number(value);
    if (!Number.isSafeInteger(number)) throw refuse('header', `a header's ${what} is out of range`);
    return number;
  }
  const text = block.toString('latin1', offset, offset + length);
  const match = /^ *([0-7]*)[ \0]*$/.exec(text);
  if (!match) throw refuse('header', `a header's ${what} is not a number: ${show(text)}`);
  const number = Number.parseInt(match[1] || '0', 8);
  if (!Number.isSafeInteger(number)) throw refuse('header', `a header's ${what} is out of range`);
  return number;
}

function checkSum(block: Buffer): void {
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? 32 : (block[i] ?? 0);
  if (numberField(block, 148, 8, 'checksum') !== sum) {
    throw refuse('header', 'a header has a wrong checksum: the file is damaged or is no tar archive');
  }
}

const POSIX_MAGIC = 'ustar\x0000';
const GNU_MAGIC = 'ustar  \0';

/** Parses a block that is not all zeros; throws `invalid` with reason `header`. */
export function parseHeader(block: Buffer): TarHeader {
  checkSum(block);
  const magic = block.toString('latin1', 257, 265);
  const name = textField(block, 0, 100);
  // GNU keeps times and sparse maps where POSIX keeps the prefix.
  const prefix = magic === POSIX_MAGIC ? textField(block, 345, 155) : '';
  const devices = magic === POSIX_MAGIC || magic === GNU_MAGIC;
  const natural = (offset: number, length: number, what: string): number => {
    const value = numberField(block, offset, length, what);
    if (value < 0) throw refuse('header', `a header's ${what} is negative`);
    return value;
  };
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    mode: natural(100, 8, 'mode'),
    uid: natural(108, 8, 'owner'),
    gid: natural(116, 8, 'group'),
    size: natural(124, 12, 'size'),
    mtime: numberField(block, 136, 12, 'time'),
    type: block.toString('latin1', 156, 157),
    link: textField(block, 157, 100),
    major: devices ? natural(329, 8, 'device number') : 0,
    minor: devices ? natural(337, 8, 'device number') : 0,
  };
}
