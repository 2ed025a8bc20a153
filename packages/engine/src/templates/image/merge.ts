// Merges the layers of an image into one archive in which each path is there once, for the ordinary inspection to judge.
// SPDX-License-Identifier: Apache-2.0
import { refuse } from '../archive/errors.js';
import type { ImportLimits } from '../archive/limits.js';
import { parsePath } from '../archive/member-tree.js';
import { type Budget, leftOut, TarReader } from '../archive/tar-reader.js';
import { endOfArchive, type Member, memberBlocks, memberHeader } from '../archive/tar-write.js';
import { type Inode, LayerTree } from './layer-tree.js';

/** The unpacked bytes of a layer, as often as they are asked for. */
export type LayerBytes = () => AsyncIterable<Buffer>;

const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';
/** Others that begin so are the accounts of union file systems. */
const ACCOUNTS = '.wh..wh.';

/** `blocks` is read once; then the notes hold. Layers are read twice: to learn what is where, and to take it from there. */
export class LayerMerge {
  readonly #layers: readonly LayerBytes[];
  readonly #limits: ImportLimits;
  readonly #budget: Budget;
  readonly #tree: LayerTree;
  #unpackedBytes = 0;
  #entries = 0;
  #keptBytes = 0;
  #droppedDevices = 0;
  #droppedAttributes = 0;

  /** Layers from the lowest to the highest; the folder is made where they lack it, as runtimes of images do. */
  constructor(
    layers: readonly LayerBytes[],
    limits: ImportLimits,
    budget: Budget,
    private readonly folder: string,
  ) {
    this.#layers = layers;
    this.#limits = limits;
    this.#budget = budget;
    this.#tree = new LayerTree(limits);
  }

  /** What it unpacks to; known once it has begun. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  get notes(): string[] {
    return leftOut({ droppedDevices: this.#droppedDevices, droppedAttributes: this.#droppedAttributes });
  }

  async *blocks(): AsyncGenerator<Buffer> {
    for (const [layer, bytes] of this.#layers.entries()) await this.#learn(layer, bytes());
    const folder = Buffer.from(this.folder).toString('latin1').slice(1);
    if (folder !== '') this.#tree.ensure(parsePath(folder, this.#limits), this.#layers.length);
    const blank = { mode: 0o755, uid: 0, gid: 0, mtime: 0, size: 0 };
    for (const { path, member } of this.#tree.folders())
      yield memberHeader({ ...blank, ...member, kind: 'directory', path });
    const files = this.#layers.map(() => new Map<number, { inode: Inode; paths: string[] }>());
    for (const [inode, paths] of this.#tree.inodes()) {
      this.#keptBytes += inode.member.size;
      if (inode.member.kind === 'file') files[inode.layer]?.set(inode.entry, { inode, paths });
      else yield* namesOf(inode.member, paths);
    }
    for (const [layer, bytes] of this.#layers.entries()) {
      const wanted = files[layer];
      if (wanted !== undefined && wanted.size > 0) yield* this.#take(wanted, bytes());
    }
    yield endOfArchive();
  }

  async #learn(layer: number, bytes: AsyncIterable<Buffer>): Promise<void> {
    const before = this.#unpackedBytes;
    const reader = new TarReader(bytes, this.#limits, (unpacked) => {
      this.#unpackedBytes = before + unpacked;
      if (this.#unpackedBytes > this.#limits.unpackedBytes)
        throw refuse('limit', `the layers unpack to more than ${this.#limits.unpackedBytes} bytes`);
      this.#budget(this.#unpackedBytes);
    });
    for await (const { parts, member } of reader.members()) {
      // Of all layers together: what one says again costs as much, and a layer can be named many times.
      if (++this.#entries > this.#limits.entries)
        throw refuse('limit', `the layers have more than ${this.#limits.entries} entries`);
      const name = parts.at(-1) ?? '';
      if (name.startsWith(WHITEOUT)) this.#whiteout(parts.slice(0, -1), name);
      else if (member === undefined) this.#tree.put(parts, layer, undefined);
      else if (member.kind === 'directory') this.#tree.putFolder(parts, layer, member);
      else if (member.kind === 'hardlink')
        this.#tree.putHardLink(parts, (member.target ?? '').split('/'), layer);
      else this.#tree.put(parts, layer, { member, layer, entry: reader.entries });
    }
    this.#tree.endLayer(layer);
    this.#droppedDevices += reader.droppedDevices;
    this.#droppedAttributes += reader.droppedAttributes;
  }

  #whiteout(folder: readonly string[], name: string): void {
    if (name === OPAQUE) this.#tree.remove(folder, undefined);
    else if (!name.startsWith(ACCOUNTS)) this.#tree.remove(folder, name.slice(WHITEOUT.length));
  }

  async *#take(
    wanted: ReadonlyMap<number, { inode: Inode; paths: string[] }>,
    bytes: AsyncIterable<Buffer>,
  ): AsyncGenerator<Buffer> {
    const reader = new TarReader(bytes, this.#limits);
    for await (const { data } of reader.members()) {
      const found = wanted.get(reader.entries);
      if (found === undefined) continue;
      const [path = '', ...others] = found.paths;
      const { member } = found.inode;
      yield* memberBlocks({ ...member, path }, data);
      yield* hardLinks(member, path, others);
    }
  }
}

/** A link or pipe by all its names. */
function* namesOf(member: Member, paths: readonly string[]): Generator<Buffer> {
  const [path = '', ...others] = paths;
  const target = member.target === undefined ? {} : { target: clamped(path, member.target) };
  yield memberHeader({ ...member, ...target, path });
  yield* hardLinks(member, path, others);
}

function* hardLinks(member: Member, target: string, paths: readonly string[]): Generator<Buffer> {
  const { capability: _first, ...bare } = member;
  for (const path of paths) yield memberHeader({ ...bare, kind: 'hardlink', path, target });
}

/** Inside, `..` at the root is the root; images say so at times, and an archive that does is refused. */
function clamped(path: string, target: string): string {
  const isAbsolute = target.startsWith('/');
  const parts = target.split('/').filter((part) => part !== '');
  let up = 0;
  while (parts[up] === '..') up++;
  const depth = isAbsolute ? 0 : path.split('/').length - 1;
  if (up <= depth) return target;
  const rest = parts.slice(up - depth).join('/');
  return isAbsolute ? `/${rest}` : rest || '.';
}
