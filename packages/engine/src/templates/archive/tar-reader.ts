// Reads a hostile tar stream member by member; whatever is ambiguous or beyond the limits is refused.
// SPDX-License-Identifier: Apache-2.0
import { ByteReader } from './byte-reader.js';
import { isLeftOut } from './device-rule.js';
import { refuse } from './errors.js';
import type { ImportLimits } from './limits.js';
import { parsePath } from './member-tree.js';
import {
  countLeftOut,
  layerRecords,
  type PaxRecords,
  parsePax,
  paxCapability,
  paxNumber,
  paxText,
  paxTime,
} from './pax.js';
import { isPaxSparse, readGnuSparse, readPaxSparse, type SparseMap } from './sparse.js';
import { isZero, parseHeader, show, type TarHeader } from './tar-header.js';
import { BLOCK, type Member, type MemberKind, padding, storedBytes } from './tar-write.js';

const ZEROS = Buffer.alloc(65_536);
// What writers put after the end mark to fill their last record.
const TAIL_BYTES = 1024 ** 2;

const kinds: Readonly<Record<string, MemberKind | 'character' | 'block' | 'sparse'>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
  S: 'sparse',
};

/** What comes before a member's own header. */
interface Extension {
  pax: PaxRecords;
  longName?: string;
  longLink?: string;
}

/** Refuses one more unpacked byte too many; called before the bytes are passed on. */
export type Budget = (unpackedBytes: number) => void;

/** What else is wanted of an archive. */
export interface Reading {
  /** Whether it holds layers of ours: whiteouts, attributes, parts of seconds and holes are kept then. */
  readonly layers?: boolean;
  /** Told of all bytes, in order. */
  readonly onBytes?: (bytes: Buffer) => void;
  /** Called before each header of a member that has no extended one before it. */
  readonly onMember?: () => void;
}

/** One member, or a device node, which is never made. */
export interface TarEntry {
  readonly parts: readonly string[];
  /** Undefined for a device node. A hard link's target is a path as `parts` makes one. */
  readonly member: Member | undefined;
  /** A file's bytes, holes filled with zeros, or of a layer left out; what is not taken is skipped. */
  readonly data: AsyncGenerator<Buffer>;
}

/** What was left out, one sentence each. */
export function leftOut({
  droppedDevices,
  droppedAttributes,
}: Pick<TarReader, 'droppedDevices' | 'droppedAttributes'>): string[] {
  const notes: string[] = [];
  if (droppedDevices > 0)
    notes.push(`${droppedDevices} device nodes were left out: a container gets its /dev when it starts`);
  if (droppedAttributes > 0)
    notes.push(
      `${droppedAttributes} extended attributes and access lists were left out: only file capabilities are kept`,
    );
  return notes;
}

async function* nothing(): AsyncGenerator<Buffer> {}

/** Reads one archive; `members` is read once, then the counts hold. */
export class TarReader {
  readonly #reader: ByteReader;
  readonly #limits: ImportLimits;
  readonly #budget: Budget;
  readonly #reading: Reading;
  #headerBytes = 0;
  entries = 0;
  unpackedBytes = 0;
  droppedDevices = 0;
  droppedAttributes = 0;

  constructor(
    input: AsyncIterable<Buffer>,
    limits: ImportLimits,
    budget: Budget = () => {},
    reading: Reading = {},
  ) {
    this.#reader = new ByteReader(input, reading.onBytes);
    this.#reading = reading;
    this.#limits = limits;
    this.#budget = budget;
  }

  /** Ends only if the whole input was in order. */
  async *members(): AsyncGenerator<TarEntry> {
    try {
      let extension: Extension = { pax: new Map() };
      for (;;) {
        this.#reading.onMember?.();
        const block = await this.#reader.need(BLOCK);
        if (isZero(block)) {
          await this.#end(extension);
          break;
        }
        const header = parseHeader(block);
        const extended = await this.#extend(header, extension);
        if (extended) {
          extension = extended;
          continue;
        }
        const entry = await this.#entry(header, block, extension);
        yield entry;
        for await (const _skipped of entry.data);
        extension = { pax: new Map() };
        this.#headerBytes = 0;
      }
    } finally {
      await this.#reader.close();
    }
  }

  /** Reads an extended header into a new extension; undefined if the header is a member's own. */
  async #extend(header: TarHeader, before: Extension): Promise<Extension | undefined> {
    const once = (known: unknown) => {
      if (known !== undefined) throw refuse('header', 'an entry has two extended headers of one kind');
    };
    switch (header.type) {
      case 'x': {
        once(before.pax.size > 0 || undefined);
        return { ...before, pax: parsePax(await this.#headerData(header.size)) };
      }
      case 'g': {
        const pax = parsePax(await this.#headerData(header.size));
        const bad = [...pax.keys()].find((key) => key !== 'comment');
        if (bad !== undefined) throw refuse('header', `a global header sets ${show(bad)} for all entries`);
        return before;
      }
      case 'L':
        once(before.longName);
        return { ...before, longName: await this.#longText(header.size) };
      case 'K':
        once(before.longLink);
        return { ...before, longLink: await this.#longText(header.size) };
      default:
        return undefined;
    }
  }

  async #headerData(size: number): Promise<Buffer> {
    this.#headerBytes += size + BLOCK;
    if (this.#headerBytes > this.#limits.headerBytes) {
      throw refuse('limit', `extended headers of more than ${this.#limits.headerBytes} bytes`);
    }
    const data = await this.#reader.need(size);
    await this.#reader.need(padding(size).length);
    return data;
  }

  async #longText(size: number): Promise<string> {
    const text = (await this.#headerData(size)).toString('latin1').replace(/\0+$/, '');
    if (text.includes('\0')) throw refuse('bad-name', 'a long name holds a NUL byte');
    return text;
  }

  async #entry(header: TarHeader, block: Buffer, extension: Extension): Promise<TarEntry> {
    const { pax } = extension;
    if (++this.entries > this.#limits.entries) {
      throw refuse('limit', `the archive has more than ${this.#limits.entries} entries`);
    }
    const stored = paxNumber(pax, 'size') ?? header.size;
    const name = chooseName(header, extension);
    const parts = parsePath(name, this.#limits);
    const path = parts.join('/');
    const kind = chooseKind(header, name, path, stored);
    const isOfLayer = this.#reading.layers === true;
    const isWhiteout = isOfLayer && kind === 'character' && header.major === 0 && header.minor === 0;
    const kept = isOfLayer ? layerRecords(pax, kind, this.#limits.maxId) : undefined;
    this.droppedAttributes += kept?.leftOut ?? countLeftOut(pax);
    if (isWhiteout) {
      if (stored !== 0) throw refuse('header', `entry ${show(path)} is a whiteout with data`);
      // Whose it is means nothing: overlay's own folder may have given it the owner.
      const whiteout: Member = { kind: 'whiteout', path, mode: 0, uid: 0, gid: 0, mtime: 0, size: 0 };
      return { parts, member: whiteout, data: nothing() };
    }
    if (kind === 'character' || kind === 'block') {
      this.#dropDevice(kind, header, path);
      return { parts, member: undefined, data: nothing() };
    }
    const member: Member = {
      kind: kind === 'sparse' ? 'file' : kind,
      path,
      mode: header.mode & 0o7777,
      uid: this.#id(paxNumber(pax, 'uid') ?? header.uid, path),
      gid: this.#id(paxNumber(pax, 'gid') ?? header.gid, path),
      mtime: clampTime(paxTime(pax, 'mtime') ?? header.mtime),
      size: 0,
      ...(kept !== undefined && { records: kept.records }),
      ...(kept?.opaque === true && { opaque: true }),
    };
    if (kind === 'file' || kind === 'sparse')
      return { parts, member, data: await this.#file(member, kind, stored, block, pax) };
    if (stored !== 0) throw refuse('header', `entry ${show(path)} is a ${kind} with data`);
    const target = paxText(pax, 'linkpath') ?? extension.longLink ?? header.link;
    if (kind === 'hardlink') member.target = parseLinkName(path, target, this.#limits).join('/');
    else if (kind === 'symlink') member.target = target;
    return { parts, member, data: nothing() };
  }

  async #file(
    member: Member,
    kind: 'file' | 'sparse',
    stored: number,
    block: Buffer,
    pax: PaxRecords,
  ): Promise<AsyncGenerator<Buffer>> {
    const capability = paxCapability(pax);
    if (capability) member.capability = capability;
    const map = await this.#sparseMap(kind, stored, block, pax);
    member.size = map?.size ?? stored;
    const keepsHoles = map !== undefined && this.#reading.layers === true;
    if (keepsHoles) member.stretches = map.segments;
    this.#count(member);
    return this.#contents(stored, map, keepsHoles);
  }

  async #sparseMap(
    kind: string,
    stored: number,
    block: Buffer,
    pax: PaxRecords,
  ): Promise<SparseMap | undefined> {
    const paxSparse = isPaxSparse(pax);
    if (kind === 'sparse') {
      if (paxSparse) throw refuse('header', 'an entry is sparse in two ways');
      return readGnuSparse(block, stored, this.#reader);
    }
    return paxSparse ? readPaxSparse(pax, stored, this.#reader) : undefined;
  }

  #count(member: Member): void {
    if (member.size > this.#limits.fileBytes) {
      throw refuse(
        'limit',
        `file ${show(member.path)} has ${member.size} bytes, more than ${this.#limits.fileBytes}`,
      );
    }
    this.unpackedBytes += storedBytes(member);
    if (this.unpackedBytes > this.#limits.unpackedBytes) {
      throw refuse('limit', `the archive unpacks to more than ${this.#limits.unpackedBytes} bytes`);
    }
    this.#budget(this.unpackedBytes);
  }

  async *#contents(stored: number, map: SparseMap | undefined, keepsHoles: boolean): AsyncGenerator<Buffer> {
    if (map && keepsHoles) yield* this.#stretch(stored - map.mapBytes);
    else if (map) yield* this.#expand(map);
    else yield* this.#stretch(stored);
    await this.#reader.need(padding(stored).length);
  }

  async *#stretch(length: number): AsyncGenerator<Buffer> {
    for (let rest = length; rest > 0; ) {
      const piece = await this.#reader.some(rest);
      rest -= piece.length;
      yield piece;
    }
  }

  async *#expand(map: SparseMap): AsyncGenerator<Buffer> {
    let at = 0;
    for (const { offset, length } of [...map.segments, { offset: map.size, length: 0 }]) {
      for (; at < offset; at += Math.min(ZEROS.length, offset - at)) {
        yield ZEROS.subarray(0, Math.min(ZEROS.length, offset - at));
      }
      yield* this.#stretch(length);
      at += length;
    }
  }

  #dropDevice(kind: 'character' | 'block', header: TarHeader, path: string): void {
    if (!isLeftOut(path, kind, header.major, header.minor)) {
      throw refuse('device', `entry ${show(path)} is the ${kind} device ${header.major}:${header.minor}`);
    }
    this.droppedDevices++;
  }

  #id(id: number, path: string): number {
    if (id <= this.#limits.maxId) return id;
    throw refuse(
      'owner',
      `entry ${show(path)} belongs to ${id}, above ${this.#limits.maxId}: no container's range of ids holds it`,
    );
  }

  /** After the first zero block: a second one, then nothing but zeros. */
  async #end(extension: Extension): Promise<void> {
    if (extension.pax.size > 0 || extension.longName !== undefined || extension.longLink !== undefined) {
      throw refuse('header', 'the archive ends after an extended header');
    }
    if (!isZero(await this.#reader.need(BLOCK))) {
      throw refuse('trailing-data', 'the archive goes on after a block of zeros');
    }
    for (let tail = 0; ; tail += BLOCK) {
      const block = await this.#reader.take(BLOCK);
      if (!block) return;
      if (!isZero(block)) {
        throw refuse(
          'trailing-data',
          'something follows the end of the archive: a second archive, or rubbish',
        );
      }
      if (tail > TAIL_BYTES)
        throw refuse('trailing-data', `more than ${TAIL_BYTES} zeros follow the end of the archive`);
    }
  }
}

function chooseName(header: TarHeader, { pax, longName }: Extension): string {
  const paxName = paxText(pax, 'GNU.sparse.name') ?? paxText(pax, 'path');
  if (paxName !== undefined && longName !== undefined) {
    throw refuse('header', `an entry has two long names: ${show(paxName)} and ${show(longName)}`);
  }
  return paxName ?? longName ?? header.name;
}

function chooseKind(header: TarHeader, name: string, path: string, stored: number): (typeof kinds)[string] {
  const kind = kinds[header.type];
  if (kind === undefined) {
    throw refuse(
      'file-type',
      `entry ${show(path)} is of type ${show(header.type)}, which a root file system has not`,
    );
  }
  if (!name.endsWith('/') || kind === 'directory') return kind;
  // Before there was a type for folders, a slash told them.
  if (kind === 'file' && stored === 0) return 'directory';
  throw refuse('bad-name', `entry ${show(name)} is a ${kind} with the name of a folder`);
}

function parseLinkName(path: string, target: string, limits: ImportLimits): string[] {
  try {
    return parsePath(target, limits);
  } catch (cause) {
    throw refuse(
      'link-target',
      `hard link ${show(path)} names ${show(target)}, which is not below the root`,
      cause,
    );
  }
}

// 1901 to 2242: enough, and it fits every file system's time stamps.
const TIME_MIN = -(2 ** 31);
const TIME_MAX = 2 ** 33;

function clampTime(seconds: number): number {
  return Math.min(Math.max(TIME_MIN, seconds), TIME_MAX);
}
