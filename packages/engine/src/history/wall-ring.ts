// Limits that a domain met, each exactly: the last 512 of them in a ring. A record that its sum does not fit was not written to its end.
// SPDX-License-Identifier: Apache-2.0
import type { WallHit } from '@ctvirt/api';
import type { Store } from './ring.js';

/** One of them. */
export type Hit = Omit<WallHit, 'domain' | 'at'> & { readonly atMs: number };

const ROWS = 512;
const ROW_BYTES = 24;
export const WALL_BYTES = ROWS * ROW_BYTES;
const MOST = 0xffff_ffff;

/** Names by their numbers in files: a new one goes to the end. */
const names = [
  ...['kmemsize', 'lockedpages', 'privvmpages', 'shmpages', 'numproc', 'physpages', 'vmguarpages'],
  ...['oomguarpages', 'numtcpsock', 'numflock', 'numpty', 'numsiginfo', 'tcpsndbuf', 'tcprcvbuf'],
  ...['othersockbuf', 'dgramrcvbuf', 'numothersock', 'dcachesize', 'numfile', 'numiptent', 'swappages'],
];

/** Whether a limit of this name can be kept. */
export const isKept = (resource: string): boolean => names.includes(resource);

/** The ring behind `at` in its store. */
export class WallRing {
  /** Of the last one; undefined before it was looked for. */
  #last: number | undefined;

  constructor(
    private readonly at: number,
    private readonly store: Store,
  ) {}

  add(hit: Hit): void {
    if (!isKept(hit.resource)) return;
    const number = (this.#last ?? this.#read().at(-1)?.number ?? 0) + 1;
    this.store.write([this.at + (number % ROWS) * ROW_BYTES, recordOf(number, hit)]);
    this.#last = number;
  }

  /** The oldest first, in the order in which they came, whatever the clock said. */
  all(): Hit[] {
    return this.#read().map(({ hit }) => hit);
  }

  #read(): { readonly number: number; readonly hit: Hit }[] {
    const bytes = this.store.read(this.at, WALL_BYTES);
    const found: { readonly number: number; readonly hit: Hit }[] = [];
    for (let slot = 0; (slot + 1) * ROW_BYTES <= bytes.length; slot++) {
      const one = recordIn(bytes.subarray(slot * ROW_BYTES, (slot + 1) * ROW_BYTES), slot);
      if (one !== undefined) found.push(one);
    }
    return found.sort((a, b) => a.number - b.number);
  }
}

function recordOf(number: number, { atMs, resource, rise, failcnt }: Hit): Buffer {
  const bytes = Buffer.alloc(ROW_BYTES);
  bytes.writeUInt32LE(number, 0);
  bytes.writeUIntLE(atMs, 4, 6);
  bytes.writeUInt16LE(names.indexOf(resource), 10);
  bytes.writeUInt32LE(Math.min(rise, MOST), 12);
  bytes.writeUInt32LE(Math.min(failcnt, MOST), 16);
  bytes.writeUInt32LE(sumOf(bytes), 20);
  return bytes;
}

function recordIn(bytes: Buffer, slot: number): { readonly number: number; readonly hit: Hit } | undefined {
  const number = bytes.readUInt32LE(0);
  const resource = names[bytes.readUInt16LE(10)];
  if (number === 0 || number % ROWS !== slot || resource === undefined) return undefined;
  if (bytes.readUInt32LE(20) !== sumOf(bytes)) return undefined;
  const hit = {
    atMs: bytes.readUIntLE(4, 6),
    resource,
    rise: bytes.readUInt32LE(12),
    failcnt: bytes.readUInt32LE(16),
  };
  return { number, hit };
}

/** FNV-1a of all that stands before it. */
function sumOf(bytes: Buffer): number {
  let sum = 0x811c_9dc5;
  for (const byte of bytes.subarray(0, 20)) sum = Math.imul(sum ^ byte, 0x0100_0193) >>> 0;
  return sum;
}
