// Writes tar headers in one canonical GNU form, the only form the unpacking tar ever reads.
// SPDX-License-Identifier: Apache-2.0

/** Length of a tar block in bytes. */
export const BLOCK = 512;

/** What a member is once inspected; the letters are tar's own. */
export const MEMBER_TYPES = { file: '0', hardlink: '1', symlink: '2', directory: '5', fifo: '6' } as const;

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
}

const FIELD = { name: [0, 100], link: [157, 100] } as const;

function putNumber(block: Buffer, offset: number, length: number, value: number): void {
  const octal = value.toString(8);
  if (octal.length < length) {
    block.write(octal.padStart(length - 1, '0'), offset, 'latin1');
    return;
  }
  // GNU base-256: first bit set, then big endian.
  let rest = BigInt(value);
  for (let i = offset + length - 1; i > offset; i--) {
    block[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  block[offset] = 0x80;
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
  if (member.capability) {
    const data = paxRecord('SCHILY.xattr.security.capability', member.capability);
    parts.push(seal(header('x', './PaxHeaders/capability', data.length)), data, padding(data.length));
  }
  // A hard link's target names another member, so it is spelt like one.
  const target = member.kind === 'hardlink' ? `./${member.target ?? ''}` : (member.target ?? '');
  if (target.length >= FIELD.link[1]) parts.push(...longName('K', target));
  if (name.length >= FIELD.name[1]) parts.push(...longName('L', name));
  const block = header(MEMBER_TYPES[member.kind], name, member.kind === 'file' ? member.size : 0);
  putNumber(block, 100, 8, member.mode & 0o7777);
  putNumber(block, 108, 8, member.uid);
  putNumber(block, 116, 8, member.gid);
  putNumber(block, 136, 12, Math.max(0, Math.floor(member.mtime)));
  block.write(target.slice(0, 100), FIELD.link[0], 'latin1');
  parts.push(seal(block));
  return Buffer.concat(parts);
}

/** A member whole: its header and, of a file, as many bytes as it has, up to the next block. */
export async function* memberBlocks(member: Member, data: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield memberHeader(member);
  yield* data;
  if (member.size % BLOCK !== 0) yield padding(member.size);
}

/** The mark that ends an archive. */
export function endOfArchive(): Buffer {
  return Buffer.alloc(2 * BLOCK);
}
