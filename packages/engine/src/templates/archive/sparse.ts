// Reads the maps of sparse members, which are unpacked at full length and counted so.
// SPDX-License-Identifier: Apache-2.0
import type { ByteReader } from './byte-reader.js';
import { refuse } from './errors.js';
import { type PaxRecords, paxNumber } from './pax.js';
import { numberField } from './tar-header.js';
import { BLOCK, type Segment } from './tar-write.js';

/** A sparse file's true length, its stored stretches and how many stored bytes the map itself took. */
export interface SparseMap {
  size: number;
  segments: Segment[];
  mapBytes: number;
}

const damaged = () => refuse('header', 'the map of a sparse file is damaged');

// Four segments fit into the header, 21 into each block after it.
const SEGMENTS_MAX = 1_000_000;

function checkMap(map: SparseMap, stored: number): SparseMap {
  let end = 0;
  let sum = map.mapBytes;
  for (const { offset, length } of map.segments) {
    if (offset < end) throw damaged();
    end = offset + length;
    sum += length;
  }
  if (end > map.size || sum !== stored) throw damaged();
  return map;
}

function takeSegments(block: Buffer, at: number, count: number, into: Segment[]): void {
  for (let i = 0; i < count; i++) {
    const start = at + i * 24;
    if (block[start] === 0 && block[start + 12] === 0) return;
    const offset = numberField(block, start, 12, 'sparse offset');
    const length = numberField(block, start + 12, 12, 'sparse length');
    if (offset < 0 || length < 0) throw damaged();
    // An empty one at the end only marks the length.
    if (length > 0) into.push({ offset, length });
  }
}

/** GNU's own form (type `S`): the map is in the header and in blocks after it. */
export async function readGnuSparse(block: Buffer, stored: number, reader: ByteReader): Promise<SparseMap> {
  const segments: Segment[] = [];
  takeSegments(block, 386, 4, segments);
  let more = block[482] === 1;
  while (more) {
    if (segments.length > SEGMENTS_MAX) throw damaged();
    const next = await reader.need(BLOCK);
    takeSegments(next, 0, 21, segments);
    more = next[504] === 1;
  }
  const size = numberField(block, 483, 12, 'sparse size');
  return checkMap({ size, segments, mapBytes: 0 }, stored);
}

/** Whether extended headers make the member a sparse one; forms older than 1.0 are refused. */
export function isPaxSparse(records: PaxRecords): boolean {
  let sparse = false;
  for (const key of records.keys()) if (key.startsWith('GNU.sparse.')) sparse = true;
  if (
    sparse &&
    (paxNumber(records, 'GNU.sparse.major') !== 1 || paxNumber(records, 'GNU.sparse.minor') !== 0)
  ) {
    throw refuse(
      'file-type',
      'a file is stored in an old sparse form: pack it again with GNU tar, without --sparse',
    );
  }
  return sparse;
}

/** The pax form 1.0: the map comes as decimal lines in the data's first blocks. */
export async function readPaxSparse(
  records: PaxRecords,
  stored: number,
  reader: ByteReader,
): Promise<SparseMap> {
  const size = paxNumber(records, 'GNU.sparse.realsize');
  if (size === undefined) throw damaged();
  let text = '';
  let at = 0;
  let mapBytes = 0;
  const nextNumber = async (): Promise<number> => {
    let end = text.indexOf('\n', at);
    while (end < 0) {
      if (mapBytes + BLOCK > stored || text.length - at > 32) throw damaged();
      text = text.slice(at) + (await reader.need(BLOCK)).toString('latin1');
      at = 0;
      mapBytes += BLOCK;
      end = text.indexOf('\n');
    }
    const digits = text.slice(at, end);
    at = end + 1;
    if (!/^[0-9]{1,15}$/.test(digits)) throw damaged();
    return Number(digits);
  };
  const count = await nextNumber();
  if (count > SEGMENTS_MAX) throw damaged();
  const segments: Segment[] = [];
  for (let i = 0; i < count; i++) {
    const offset = await nextNumber();
    const length = await nextNumber();
    if (length > 0) segments.push({ offset, length });
  }
  return checkMap({ size, segments, mapBytes }, stored);
}
