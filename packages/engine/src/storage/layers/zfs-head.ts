// What a stream of `zfs send` begins with, judged before ZFS reads any of it: it says what the rest may make.
// SPDX-License-Identifier: Apache-2.0
import { EngineError } from '../../errors.js';

export const HEAD_BYTES = 312;

/** In the order of this host: a stream from one of the other order goes as archives. */
const at = { record: 0, payload: 4, magic: 8, version: 16, kind: 32, flags: 36, base: 48 } as const;
const MAGIC = 0x2f5bacbacn;

/** One dataset without properties. The other form wraps several, with properties, snapshots and names to be renamed. */
const ONE_DATASET = 1n;
/**
 * Features that `zfs send` has without being asked for any: all else (raw, that is encrypted blocks, holds, redacted and resumed streams,
 * blocks of other streams by their checksum) is no layer's.
 */
const SPILL_BLOCKS = 1n << 2n;
const LARGE_DNODES = 1n << 23n;
const FILES = 2;
/** That it stands on another dataset's moment, that it says what is free, and which files have spill blocks. */
const FLAGS = 0b1101;

export interface StreamHead {
  /** The moment that it stands on, by its guid; undefined where it is whole. */
  readonly base: string | undefined;
}

/** Throws `invalid`. */
export function readHead(bytes: Buffer): StreamHead {
  const refuse = (why: string): never => {
    throw new EngineError('invalid', `the stream of the domain's files is no layer's: ${why}`);
  };
  if (bytes.length < HEAD_BYTES) refuse('it ends too early');
  if (bytes.readUInt32LE(at.record) !== 0 || bytes.readBigUInt64LE(at.magic) !== MAGIC)
    refuse('it does not begin as one of ZFS');
  const version = bytes.readBigUInt64LE(at.version);
  if ((version & 3n) !== ONE_DATASET) refuse('it has properties, or more than one dataset');
  const features = version >> 2n;
  if ((features & ~(SPILL_BLOCKS | LARGE_DNODES)) !== 0n) refuse(`it has features ${features.toString(16)}`);
  if (bytes.readUInt32LE(at.payload) !== 0) refuse('more follows its head');
  if (bytes.readUInt32LE(at.kind) !== FILES) refuse('it holds no files');
  const flags = bytes.readUInt32LE(at.flags);
  if ((flags & ~FLAGS) !== 0) refuse(`it has flags ${flags.toString(16)}`);
  const base = bytes.readBigUInt64LE(at.base);
  return { base: base === 0n ? undefined : String(base) };
}
