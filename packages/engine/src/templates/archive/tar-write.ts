// Writes tar headers in one canonical GNU form, the only form the unpacking tar ever reads.
// SPDX-License-Identifier: Apache-2.0

/** Where a stretch of stored bytes lies in the file. */
export interface Segment {
  offset: number;
  length: number;
}

/** Length of a tar block in bytes. */
export const BLOCK = 512;

/** What a member is once inspected; the letters are tar's own. */
export const MEMBER_TYPES = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  /** The character device 0:0, by which overlay says that a file below is gone. */
  whiteout: '3',
  directory: '5',
  fifo: '6',
} as const;

/** Kind of a member that can be unpacked. */
export type MemberKind = keyof typeof MEMBER_TYPES;

/** One member; names and targets are byte strings (one character per byte, `latin1`). */
export interface Member {
  kind: MemberKind;
  path: string;
  target?: string;
  mode: number;
  uid: number;
  gid: number;
  mtime: number;
  size: number;
  /** Raw `security.capability` value. */
  capability?: Buffer;
  /** Of a layer's member: further records of its extended header, as they came. */
  records?: readonly (readonly [key: string, value: Buffer])[];
  /** Of a layer's folder: nothing below is seen through it. */
  opaque?: boolean;
  /** Of a file with holes: its stored stretches, which are all that follows. */
  stretches?: readonly Segment[];
}

const FIELD = { name: [0, 100], link: [157, 100] } as const;

function putNumber(block: Buffer, offset: number, length: number, value: number): void {
  const octal = value.toString(8);
  if (value >= 0 && octal.length < length) {
    block.write(octal.padStart(length - 1, '0'), offset, 'latin1');
    return;
  }
  // GNU base-256: first bit set, then big endian, the complement of two.
  let rest = BigInt(value);
  for (let i = offset + length - 1; i > offset; i--) {
    block[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  block[offset] = value < 0 ? 0xff : 0x80;
}

function seal(block: Buffer): Buffer {
  block.write('        ', 148, 'latin1');
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += block[i] ?? 0;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function header(type: string, name: string, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(name.slice(0, 100), FIELD.name[0], 'latin1');
  putNumber(block, 100, 8, 0);
  putNumber(block, 108, 8, 0);
  putNumber(block, 116, 8, 0);
  putNumber(block, 124, 12, size);
  putNumber(block, 136, 12, 0);
  block.write(type, 156, 'latin1');
  block.write('ustar  \0', 257, 'latin1');
  return block;
}

/** Zero bytes that fill the last block of `size` bytes of data. */
export function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

function longName(type: 'L' | 'K', text: string): Buffer[] {
  const data = Buffer.from(`${text}\0`, 'latin1');
  return [seal(header(type, '././@LongLink', data.length)), data, padding(data.length)];
}

function paxRecord(key: string, value: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = body.length + 1;
  while (String(length).length + body.length !== length) length = String(length).length + body.length;
  return Buffer.concat([Buffer.from(String(length)), body]);
}

/** The blocks that come before a member's data. */
export function memberHeader(member: Member): Buffer {
  const parts: Buffer[] = [];
  const path = member.kind === 'directory' ? `./${member.path}/` : `./${member.path}`;
  const name = member.path === '' ? './' : path;
  const records = extendedOf(member).map(([key, value]) => paxRecord(key, value));
  if (records.length > 0) {
    const data = Buffer.concat(records);
    parts.push(seal(header('x', './PaxHeaders/capability', data.length)), data, padding(data.length));
  }
  // A hard link's target names another member, so it is spelt like one.
  const target = member.kind === 'hardlink' ? `./${member.target ?? ''}` : (member.target ?? '');
  if (target.length >= FIELD.link[1]) parts.push(...longName('K', target));
  if (name.length >= FIELD.name[1]) parts.push(...longName('L', name));
  const type = member.stretches === undefined ? MEMBER_TYPES[member.kind] : SPARSE;
  const block = header(type, name, storedBytes(member));
  putNumber(block, 100, 8, member.mode & 0o7777);
  putNumber(block, 108, 8, member.uid);
  putNumber(block, 116, 8, member.gid);
  putNumber(block, 136, 12, Math.floor(member.mtime));
  block.write(target.slice(0, 100), FIELD.link[0], 'latin1');
  if (member.kind === 'whiteout') for (const at of [329, 337]) putNumber(block, at, 8, 0);
  const map = member.stretches === undefined ? [] : putMap(block, member.stretches, member.size);
  parts.push(seal(block), ...map);
  return Buffer.concat(parts);
}

/** How many bytes of data follow a member's header. */
export function storedBytes({ kind, size, stretches }: Member): number {
  if (kind !== 'file') return 0;
  return stretches === undefined ? size : stretches.reduce((sum, { length }) => sum + length, 0);
}

function extendedOf({ capability, records = [], opaque }: Member): (readonly [string, Buffer])[] {
  return [
    ...(capability === undefined ? [] : [['SCHILY.xattr.security.capability', capability] as const]),
    ...records,
    ...(opaque === true ? [[OPAQUE, Buffer.from('y')] as const] : []),
  ];
}

/** What says of a folder that nothing below is seen through it. */
export const OPAQUE = 'SCHILY.xattr.trusted.overlay.opaque';

/** GNU tar's own letter for a file with holes; it reads no other form beside GNU headers. */
const SPARSE = 'S';
const [FIRST_MAP, FIRST_COUNT, NEXT_COUNT] = [386, 4, 21];

/** Puts the map into the header; returns the blocks that hold the rest of it. */
function putMap(block: Buffer, stretches: readonly Segment[], size: number): Buffer[] {
  const last = stretches.at(-1);
  const isWhole = last !== undefined && last.offset + last.length === size;
  // An empty one at the end tells where the file ends.
  const all = isWhole ? stretches : [...stretches, { offset: size, length: 0 }];
  const put = (into: Buffer, at: number, some: readonly Segment[]): void =>
    some.forEach(({ offset, length }, index) => {
      putNumber(into, at + 24 * index, 12, offset);
      putNumber(into, at + 24 * index + 12, 12, length);
    });
  put(block, FIRST_MAP, all.slice(0, FIRST_COUNT));
  if (all.length > FIRST_COUNT) block[482] = 1;
  putNumber(block, 483, 12, size);
  const more: Buffer[] = [];
  for (let at = FIRST_COUNT; at < all.length; at += NEXT_COUNT) {
    const next = Buffer.alloc(BLOCK);
    put(next, 0, all.slice(at, at + NEXT_COUNT));
    if (at + NEXT_COUNT < all.length) next[504] = 1;
    more.push(next);
  }
  return more;
}

/** A member whole: its header and, of a file, as many bytes as it has, up to the next block. */
export async function* memberBlocks(member: Member, data: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield memberHeader(member);
  yield* data;
  const stored = storedBytes(member);
  if (stored % BLOCK !== 0) yield padding(stored);
}

/** The mark that ends an archive. */
export function endOfArchive(): Buffer {
  return Buffer.alloc(2 * BLOCK);
}
