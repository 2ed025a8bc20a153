// Reads a hostile tar stream and writes it anew in canonical form: what tar unpacks is what was checked.
// SPDX-License-Identifier: Apache-2.0
import { refuse } from './errors.js';
import type { ImportLimits } from './limits.js';
import { MemberTree } from './member-tree.js';
import { FactCollector, type SystemFacts } from './system-facts.js';
import { show } from './tar-header.js';
import { type Budget, leftOut, TarReader } from './tar-reader.js';
import { BLOCK, endOfArchive, type Member, memberHeader, padding } from './tar-write.js';

/** Folders a container's own /dev, /proc and /sys are mounted on. */
const MOUNT_POINTS = ['dev', 'proc', 'sys'];
/** Folders that must be real ones: mounted on, or written into by the host before a start. */
const REAL_FOLDERS = [...MOUNT_POINTS, 'etc'];

/** Totals and findings of one archive. */
export interface Inspection extends SystemFacts {
  entries: number;
  unpackedBytes: number;
  inodes: number;
  notes: string[];
}

/** What can be asked of a tree once it is unpacked. */
export interface UnpackedTree {
  /** The path reached inside, if there is something, links followed. */
  resolve(path: string): string | undefined;
  isFile(path: string): boolean;
  /** The text of one of the few small files that tell of a system. */
  text(path: string): string | undefined;
}

/** Inspects one archive; `blocks` is read once, then `result` holds. */
export class TarInspector {
  readonly #archive: TarReader;
  readonly #tree: MemberTree;
  readonly #facts = new FactCollector();
  #notes: string[] = [];

  constructor(input: AsyncIterable<Buffer>, limits: ImportLimits, budget?: Budget) {
    this.#archive = new TarReader(input, limits, budget);
    this.#tree = new MemberTree(limits);
  }

  /** How many members were read so far. */
  get entries(): number {
    return this.#archive.entries;
  }

  /** Lengths of the files read so far. */
  get unpackedBytes(): number {
    return this.#archive.unpackedBytes;
  }

  /** What was unpacked, for questions. */
  get tree(): UnpackedTree {
    return {
      resolve: (path) => this.#tree.resolve(path),
      isFile: (path) => this.#tree.kind(path) === 'file',
      text: (path) => this.#facts.text(this.#tree.resolve(path) ?? ''),
    };
  }

  /** The canonical archive, ended only if the whole input was in order. */
  async *blocks(): AsyncGenerator<Buffer> {
    for await (const { parts, member, data } of this.#archive.members()) {
      if (member === undefined) {
        this.#tree.add(parts, 'dropped');
        this.#checkMountPoint(parts.join('/'));
        continue;
      }
      if (!this.#enter(parts, member)) continue;
      yield memberHeader(member);
      if (member.kind !== 'file') continue;
      yield* this.#watched(member, data);
      if (member.size % BLOCK !== 0) yield padding(member.size);
    }
    if (this.entries === 0) throw refuse('format', 'the archive holds no entries');
    yield* this.#missingFolders();
    yield endOfArchive();
  }

  /** What was found; complete once `blocks` has ended. */
  result(): Inspection {
    const { entries, unpackedBytes } = this.#archive;
    const notes = [...this.#notes, ...leftOut(this.#archive)];
    if (!['bin', 'usr/bin', 'sbin'].some((path) => this.#tree.resolve(path) !== undefined)) {
      notes.push('the archive has no bin, sbin or usr/bin at its top: it may not be a root file system');
    }
    return {
      entries,
      unpackedBytes,
      inodes: this.#tree.inodes,
      notes,
      ...this.#facts.facts(this.#tree),
    };
  }

  /** Whether it is unpacked: a hard link to a device is not. */
  #enter(parts: readonly string[], member: Member): boolean {
    const { kind, path, target = '' } = member;
    if (kind === 'hardlink') {
      if (this.#tree.addHardlink(parts, target.split('/')) === 'dropped') return false;
    } else {
      this.#tree.add(parts, kind, target);
    }
    this.#checkMountPoint(path);
    if (path === '') this.#openRoot(member);
    return true;
  }

  async *#watched({ path, size }: Member, data: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const wanted = this.#facts.wants(path, size);
    const seen: Buffer[] = [];
    let missing = wanted;
    for await (const piece of data) {
      if (missing > 0) {
        const part = piece.subarray(0, missing);
        seen.push(part);
        missing -= part.length;
      }
      yield piece;
    }
    if (wanted > 0) this.#facts.see(path, Buffer.concat(seen));
  }

  #checkMountPoint(path: string): void {
    if (!REAL_FOLDERS.includes(path) || this.#tree.kind(path) === 'directory') return;
    throw refuse(
      'mount-point',
      `${show(path)} is a ${this.#tree.kind(path)}, where a container needs a folder`,
    );
  }

  /** A root only its owner may enter would lock every other user of the container out. */
  #openRoot(member: Member): void {
    if ((member.mode & 0o555) === 0o555) return;
    this.#notes.push(
      `the root folder's mode ${member.mode.toString(8)} was widened for the container's other users`,
    );
    member.mode |= 0o555;
  }

  /** Folders no entry named: left to tar, their modes would depend on the umask. */
  *#missingFolders(): Generator<Buffer> {
    for (const path of MOUNT_POINTS) this.#tree.imply(path);
    for (const path of this.#tree.settle()) {
      yield memberHeader({ kind: 'directory', path, mode: 0o755, uid: 0, gid: 0, mtime: 0, size: 0 });
    }
  }
}
