// Builds archives byte by byte, wrong ones above all, for the tests of everything that reads them.
// SPDX-License-Identifier: Apache-2.0

/** Every field of a header as written, each optional; texts are byte strings (`latin1`). */
export interface RawEntry {
  name?: string;
  type?: string;
  mode?: string;
  uid?: string;
  gid?: string;
  /** Taken from `data` if left out. */
  size?: string;
  mtime?: string;
  link?: string;
  magic?: string;
  major?: string;
  minor?: string;
  prefix?: string;
  checksum?: string;
  /** Written over the block before it is summed up. */
  overlay?: readonly (readonly [offset: number, bytes: string])[];
  data?: Buffer;
}

export const BLOCK_BYTES = 512;

/** Bytes filled up with zeros to whole blocks. */
export function blocks(data: Buffer): Buffer {
  return Buffer.concat([data, Buffer.alloc((BLOCK_BYTES - (data.length % BLOCK_BYTES)) % BLOCK_BYTES)]);
}

/** A header block and its data. */
export function rawEntry(entry: RawEntry): Buffer {
  const { data = Buffer.alloc(0) } = entry;
  const block = Buffer.alloc(BLOCK_BYTES);
  const put = (offset: number, text: string) => block.write(text, offset, 'latin1');
  put(0, entry.name ?? 'file');
  put(100, entry.mode ?? '0000644\0');
  put(108, entry.uid ?? '0000000\0');
  put(116, entry.gid ?? '0000000\0');
  put(124, entry.size ?? `${data.length.toString(8).padStart(11, '0')}\0`);
  put(136, entry.mtime ?? '14000000000\0');
  put(156, entry.type ?? '0');
  put(157, entry.link ?? '');
  put(257, entry.magic ?? 'ustar\x0000');
  put(329, entry.major ?? '0000000\0');
  put(337, entry.minor ?? '0000000\0');
  put(345, entry.prefix ?? '');
  for (const [offset, bytes] of entry.overlay ?? []) put(offset, bytes);
  put(148, '        ');
  let sum = 0;
  for (const byte of block) sum += byte;
  put(148, entry.checksum ?? `${sum.toString(8).padStart(6, '0')}\0 `);
  return Buffer.concat([block, blocks(data)]);
}

/** One pax record. */
export function paxRecord(key: string, value: string | Buffer): Buffer {
  const body = Buffer.concat([
    Buffer.from(` ${key}=`, 'latin1'),
    typeof value === 'string' ? Buffer.from(value, 'latin1') : value,
    Buffer.from('\n'),
  ]);
  for (let digits = 1; ; digits++) {
    const length = String(digits + body.length);
    if (length.length === digits) return Buffer.concat([Buffer.from(length), body]);
  }
}

/** An extended header for the entry after it. */
export function paxEntry(records: Readonly<Record<string, string | Buffer>>, type = 'x'): Buffer {
  const data = Buffer.concat(Object.entries(records).map(([key, value]) => paxRecord(key, value)));
  return rawEntry({ name: 'pax', type, data });
}

/** GNU's long name (`L`) or long link (`K`). */
export function longEntry(type: 'L' | 'K', text: string): Buffer {
  return rawEntry({
    name: '././@LongLink',
    type,
    magic: 'ustar  \0',
    data: Buffer.from(`${text}\0`, 'latin1'),
  });
}

/** The end mark. */
export const END = Buffer.alloc(2 * BLOCK_BYTES);

/** Parts and the end mark. */
export function archive(...parts: readonly (Buffer | RawEntry)[]): Buffer {
  return Buffer.concat([...parts.map((part) => (Buffer.isBuffer(part) ? part : rawEntry(part))), END]);
}

/** A folder's entry. */
export function folder(name: string): RawEntry {
  return { name, type: '5', mode: '0000755\0' };
}

/** A file's entry. */
export function file(name: string, text = 'text'): RawEntry {
  return { name, data: Buffer.from(text, 'latin1') };
}

/** A link's entry. */
export function symlink(name: string, link: string): RawEntry {
  return { name, type: '2', link, mode: '0000777\0' };
}

/** A hard link's entry. */
export function hardlink(name: string, link: string): RawEntry {
  return { name, type: '1', link };
}

/** Makes the checksum of the block around `at` right again, so that damage to it reaches the fields' parsers. */
export function mendChecksum(bytes: Buffer, at: number): void {
  const start = at - (at % BLOCK_BYTES);
  const block = bytes.subarray(start, start + BLOCK_BYTES);
  if (block.toString('latin1', 257, 262) !== 'ustar') return;
  block.write('        ', 148, 'latin1');
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
}
