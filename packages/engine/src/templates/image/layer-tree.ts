// The tree that the layers of an image make together, kept in memory: names, and where the bytes of each file are.
// SPDX-License-Identifier: Apache-2.0
import { refuse } from '../archive/errors.js';
import type { ImportLimits } from '../archive/limits.js';
import { show } from '../archive/tar-header.js';
import type { Member } from '../archive/tar-write.js';

/** A file, link or pipe; several names of one are hard links. */
export interface Inode {
  readonly member: Member;
  /** The layer that brought it, and the how manieth of its entries it is. */
  readonly layer: number;
  readonly entry: number;
}

interface Leaf {
  readonly layer: number;
  /** Undefined for a device, which is not made. */
  readonly inode: Inode | undefined;
}

interface Folder {
  layer: number;
  member: Member | undefined;
  readonly children: Map<string, Leaf | Folder>;
}

type Node = Leaf | Folder;

const isFolder = (node: Node | undefined): node is Folder => node !== undefined && 'children' in node;

const LINKS = 40;

/** What is the same in all layers is gone through once for a layer, however often it says so. */
interface Removal {
  readonly folder: Folder;
  /** Undefined: all that it holds. */
  readonly name: string | undefined;
}

/** Folders that this layer has emptied, and whether something of its own is left in them: nested ones are gone through once. */
type Emptied = Map<Folder, boolean>;

/** Names here are byte strings; a path has no `./`, and `..` in a link leads no higher than the root. */
export class LayerTree {
  readonly #limits: ImportLimits;
  readonly #root: Folder = { layer: 0, member: undefined, children: new Map() };
  readonly #removals = new Map<Folder, Map<string | undefined, Removal>>();
  #nodes = 0;
  #nameBytes = 0;

  constructor(limits: ImportLimits) {
    this.#limits = limits;
  }

  /** Puts one entry of the layer where its links lead; what was there before gives way. */
  put(parts: readonly string[], layer: number, inode: Inode | undefined): void {
    const { folder, name } = this.#placeOf(parts, layer);
    if (name === undefined) throw refuse('file-type', 'the root of a layer is not a folder');
    this.#set(folder, name, { layer, inode });
  }

  putFolder(parts: readonly string[], layer: number, member: Member): void {
    const { folder, name } = this.#placeOf(parts, layer);
    const there = name === undefined ? this.#root : folder.children.get(name);
    if (isFolder(there)) Object.assign(there, { layer, member });
    else this.#set(folder, name ?? '', { layer, member, children: new Map() });
  }

  /** Another name of a file that this layer or one below has. */
  putHardLink(parts: readonly string[], target: readonly string[], layer: number): void {
    const named = this.#leafAt(target);
    if (named === undefined)
      throw refuse(
        'link-target',
        `hard link ${show(parts.join('/'))} names ${show(target.join('/'))}, which is no file of the image`,
      );
    this.put(parts, layer, named.inode);
  }

  /** A whiteout: what layers below have of this name is gone, or with no name all that they have in the folder. */
  remove(parts: readonly string[], name: string | undefined): void {
    const folder = this.#walk(parts);
    if (folder === undefined) return;
    const removals = this.#removals.get(folder) ?? new Map<string | undefined, Removal>();
    this.#removals.set(folder, removals.set(name, { folder, name }));
  }

  /** Makes what is missing of a folder. */
  ensure(parts: readonly string[], layer: number): void {
    this.#walk(parts, layer);
  }

  /** After the last entry of a layer: its whiteouts spare what itself has brought. */
  endLayer(layer: number): void {
    const emptied: Emptied = new Map();
    for (const removals of this.#removals.values())
      for (const { folder, name } of removals.values()) {
        if (name === undefined) this.#purge(folder, layer, emptied);
        else this.#purgeChild(folder, name, layer, emptied);
      }
    this.#removals.clear();
  }

  /** Folders from the top, each with its path. */
  *folders(): Generator<{ path: string; member: Member | undefined }> {
    yield { path: '', member: this.#root.member };
    for (const { path, node } of this.#all()) if (isFolder(node)) yield { path, member: node.member };
  }

  /** All files, links and pipes with all their paths. */
  inodes(): Map<Inode, string[]> {
    const found = new Map<Inode, string[]>();
    for (const { path, node } of this.#all()) {
      if (isFolder(node) || node.inode === undefined) continue;
      const paths = found.get(node.inode);
      if (paths === undefined) found.set(node.inode, [path]);
      else paths.push(path);
    }
    return found;
  }

  *#all(): Generator<{ path: string; node: Node }> {
    const pending: { path: string; node: Folder }[] = [{ path: '', node: this.#root }];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      for (const [name, node] of next.node.children) {
        const path = next.path === '' ? name : `${next.path}/${name}`;
        yield { path, node };
        if (isFolder(node)) pending.push({ path, node });
      }
    }
  }

  #placeOf(parts: readonly string[], layer: number): { folder: Folder; name: string | undefined } {
    return { folder: this.#walk(parts.slice(0, -1), layer), name: parts.at(-1) };
  }

  /** The folder that a process inside would come to; with a layer, what is missing on the way is made. */
  #walk(parts: readonly string[], layer: number): Folder;
  #walk(parts: readonly string[], layer?: undefined): Folder | undefined;
  #walk(parts: readonly string[], layer?: number): Folder | undefined {
    const pending = [...parts].reverse();
    const reached: Folder[] = [this.#root];
    let links = 0;
    for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
      if (part === '' || part === '.') continue;
      if (part === '..') {
        if (reached.length > 1) reached.pop();
        continue;
      }
      const folder = reached.at(-1) ?? this.#root;
      const node = folder.children.get(part);
      if (isFolder(node)) {
        reached.push(node);
      } else if (node?.inode?.member.kind === 'symlink') {
        const { target = '' } = node.inode.member;
        if (++links > LINKS)
          throw refuse('through-link', `${show(parts.join('/'))} goes through too many links`);
        if (target.startsWith('/')) reached.length = 1;
        pending.push(...target.split('/').reverse());
      } else {
        if (layer === undefined) return undefined;
        if (node !== undefined)
          throw refuse(
            'through-link',
            `${show(parts.join('/'))} goes through ${show(part)}, which is no folder`,
          );
        reached.push(this.#set(folder, part, { layer, member: undefined, children: new Map() }));
      }
      if (reached.length > this.#limits.depth + 1)
        throw refuse('limit', `${show(parts.join('/'))} lies more than ${this.#limits.depth} folders deep`);
    }
    return reached.at(-1);
  }

  #leafAt(parts: readonly string[]): Leaf | undefined {
    const node = this.#walk(parts.slice(0, -1))?.children.get(parts.at(-1) ?? '');
    return isFolder(node) ? undefined : node;
  }

  #set<N extends Node>(folder: Folder, name: string, node: N): N {
    folder.children.set(name, node);
    // Each is counted for good: what it costs the daemon is bounded, whatever goes again.
    this.#nodes++;
    this.#nameBytes += name.length;
    if (!isFolder(node)) this.#nameBytes += node.inode?.member.target?.length ?? 0;
    if (this.#nodes > this.#limits.entries)
      throw refuse('limit', `the image has more than ${this.#limits.entries} entries`);
    if (this.#nameBytes > this.#limits.nameBytes)
      throw refuse('limit', `the names in the image have more than ${this.#limits.nameBytes} bytes together`);
    return node;
  }

  /** Whether anything of this layer is left in it. */
  #purge(folder: Folder, layer: number, emptied: Emptied): boolean {
    const known = emptied.get(folder);
    if (known !== undefined) return known;
    let isLeft = false;
    for (const name of [...folder.children.keys()])
      isLeft = this.#purgeChild(folder, name, layer, emptied) || isLeft;
    emptied.set(folder, isLeft);
    return isLeft;
  }

  #purgeChild(folder: Folder, name: string, layer: number, emptied: Emptied): boolean {
    const node = folder.children.get(name);
    if (node === undefined) return false;
    const isLeft = isFolder(node) && this.#purge(node, layer, emptied);
    if (isLeft || node.layer === layer) return true;
    folder.children.delete(name);
    return false;
  }
}
