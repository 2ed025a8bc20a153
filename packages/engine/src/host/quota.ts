// Disk quotas of users, groups and projects as the kernel keeps them for a whole file system, whichever that is.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, openSync } from 'node:fs';
import { EngineError } from '../errors.js';
import { quotactl } from './syscalls.js';

/** Whose files are counted. */
export type OwnerKind = 'user' | 'group';
/** A project is a tree of files, whoever owns them. */
export type QuotaKind = OwnerKind | 'project';
const types: Readonly<Record<QuotaKind, number>> = { user: 0, group: 1, project: 2 };

const Q_SETQUOTA = 0x800008;
const Q_GETNEXTQUOTA = 0x800009;
const Q_XGETQSTATV = 0x5808;
/** Limits of blocks and of inodes. */
const QIF_LIMITS = 5;
const BLOCK = 1024;
// struct if_nextdqblk, and if_dqblk without its last number.
const ENTRY_BYTES = 72;
// struct fs_quota_statv.
const STATE_BYTES = 160;
/** Bits of its flags that say limits are enforced, which accounting alone does not. */
const enforced: Readonly<Record<QuotaKind, number>> = { user: 1 << 1, group: 1 << 3, project: 1 << 5 };

/** A soft and a hard limit. */
export interface Bounds {
  /** Undefined is none. */
  readonly soft: number | undefined;
  readonly hard: number | undefined;
}

/** What one of them, by the host's number, has and may have on a file system. */
export interface QuotaEntry {
  readonly kind: QuotaKind;
  readonly id: number;
  readonly bytes: number;
  readonly inodes: number;
  readonly space: Bounds;
  readonly files: Bounds;
  /** When the grace of a passed soft limit ends; undefined within it. */
  readonly spaceEnds: Date | undefined;
  readonly filesEnds: Date | undefined;
}

/** The quotas of the file system that a folder lies on. */
export class HostQuotas implements Disposable {
  readonly #fd: number;

  constructor(private readonly folder: string) {
    this.#fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }

  /** Whether limits of this kind refuse anything; nobody but the host's administrator switches that on. */
  enforces(kind: QuotaKind): boolean {
    const state = Buffer.alloc(STATE_BYTES);
    state.writeInt8(1, 0);
    if (quotactl(this.#fd, commandOf(Q_XGETQSTATV, kind), 0, state) !== undefined) return false;
    return (state.readUInt16LE(2) & enforced[kind]) !== 0;
  }

  /** Those that own something, or have a limit, from one number to another. */
  *entries<K extends QuotaKind>(
    kind: K,
    first: number,
    last: number,
  ): Generator<QuotaEntry & { readonly kind: K }> {
    for (let id = first; id <= last; ) {
      const buffer = Buffer.alloc(ENTRY_BYTES);
      const errno = quotactl(this.#fd, commandOf(Q_GETNEXTQUOTA, kind), id, buffer);
      if (errno === 'ENOENT' || errno === 'ESRCH') return; // no more of them
      if (errno !== undefined) throw this.#refused('read', errno);
      const entry = { ...entryIn(buffer, kind), kind };
      if (entry.id > last) return;
      yield entry;
      id = entry.id + 1;
    }
  }

  /** Of one that has nothing and no limit, zeros. */
  entry(kind: QuotaKind, id: number): QuotaEntry {
    const [found] = this.entries(kind, id, id);
    const none = { soft: undefined, hard: undefined };
    return (
      found ?? {
        kind,
        id,
        bytes: 0,
        inodes: 0,
        space: none,
        files: none,
        spaceEnds: undefined,
        filesEnds: undefined,
      }
    );
  }

  set(kind: QuotaKind, id: number, space: Bounds, files: Bounds): void {
    const buffer = Buffer.alloc(ENTRY_BYTES);
    const blocks = (bytes = 0): bigint => BigInt(Math.ceil(bytes / BLOCK));
    buffer.writeBigUInt64LE(blocks(space.hard), 0);
    buffer.writeBigUInt64LE(blocks(space.soft), 8);
    buffer.writeBigUInt64LE(BigInt(files.hard ?? 0), 24);
    buffer.writeBigUInt64LE(BigInt(files.soft ?? 0), 32);
    buffer.writeUInt32LE(QIF_LIMITS, 64);
    const errno = quotactl(this.#fd, commandOf(Q_SETQUOTA, kind), id, buffer);
    if (errno !== undefined) throw this.#refused('set', errno);
  }

  #refused(what: string, errno: string): EngineError {
    return new EngineError(
      'unsupported',
      `the quotas of the file system of ${this.folder} cannot be ${what}: ${errno}`,
      { folder: this.folder },
      { errno },
    );
  }
}

const commandOf = (command: number, kind: QuotaKind): number => (command << 8) | types[kind];

function entryIn(buffer: Buffer, kind: QuotaKind): QuotaEntry {
  const number = (at: number): number => Number(buffer.readBigUInt64LE(at));
  const limit = (at: number, unit: number): number | undefined =>
    number(at) === 0 ? undefined : number(at) * unit;
  const ends = (at: number): Date | undefined => (number(at) === 0 ? undefined : new Date(number(at) * 1000));
  return {
    kind,
    id: buffer.readUInt32LE(68),
    bytes: number(16),
    inodes: number(40),
    space: { hard: limit(0, BLOCK), soft: limit(8, BLOCK) },
    files: { hard: limit(24, 1), soft: limit(32, 1) },
    spaceEnds: ends(48),
    filesEnds: ends(56),
  };
}
