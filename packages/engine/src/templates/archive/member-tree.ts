// The tree an archive would make, kept in memory to refuse every entry that could leave or overwrite it.
// SPDX-License-Identifier: Apache-2.0
import { refuse } from './errors.js';
import { COMPONENT_BYTES, type ImportLimits } from './limits.js';
import { show } from './tar-header.js';
import type { MemberKind } from './tar-write.js';

/** `implied`: a folder no entry named yet; `dropped`: an entry that is not unpacked. */
export type NodeKind = Exclude<MemberKind, 'hardlink'> | 'implied' | 'dropped';

interface Node {
  kind: NodeKind;
  target?: string;
}

/** Reads a member's name into components; throws for every name that is not plainly below the root. */
export function parsePath(raw: string, limits: ImportLimits): string[] {
  if (raw === '') throw refuse('bad-name', 'an entry has no name');
  if (raw.startsWith('/')) throw refuse('absolute-name', `entry ${show(raw)} has an absolute name`);
  if (raw.length > limits.pathBytes) {
    throw refuse('limit', `entry ${show(raw)} has a name of more than ${limits.pathBytes} bytes`);
  }
  const parts: string[] = [];
  for (const part of raw.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') throw refuse('parent-name', `entry ${show(raw)} climbs by ".."`);
    if (part.length > COMPONENT_BYTES) {
      throw refuse('bad-name', `entry ${show(raw)} has a part of more than ${COMPONENT_BYTES} bytes`);
    }
    parts.push(part);
  }
  if (parts.length > limits.depth) {
    throw refuse('limit', `entry ${show(raw)} lies more than ${limits.depth} folders deep`);
  }
  return parts;
}

const LINK_BYTES = 4095;

/** Refuses a relative target that climbs above the root; absolute ones stay: they mean the container's root. */
function checkTarget(parents: number, target: string, path: string): void {
  if (target === '' || target.length > LINK_BYTES) {
    throw refuse('link-target', `link ${show(path)} has a target of ${target.length} bytes`);
  }
  let depth = target.startsWith('/') && parents !== Number.POSITIVE_INFINITY ? 0 : parents;
  for (const part of target.split('/')) {
    if (part === '' || part === '.') continue;
    depth += part === '..' ? -1 : 1;
    if (depth < 0)
      throw refuse('link-target', `link ${show(path)} leads out of the root, to ${show(target)}`);
  }
}

/** Paths here have no `./`, no doubled slash and no slash at the end; the root is the empty path. */
export class MemberTree {
  readonly #nodes = new Map<string, Node>([['', { kind: 'implied' }]]);
  readonly #limits: ImportLimits;
  /** Whether links may climb: a container's own stop at its root, as all of its do. */
  readonly #climbs: boolean;
  #nameBytes = 0;
  /** Folders, files and links so far, those without an entry of their own included. */
  inodes = 1;

  constructor(limits: ImportLimits, { climbs = false }: { climbs?: boolean } = {}) {
    this.#limits = limits;
    this.#climbs = climbs;
  }

  kind(path: string): NodeKind | undefined {
    return this.#nodes.get(path)?.kind;
  }

  /** Adds an entry of its own; its parents become folders. */
  add(parts: readonly string[], kind: Exclude<NodeKind, 'implied'>, target?: string): void {
    const path = parts.join('/');
    if (path === '' && kind !== 'directory')
      throw refuse('file-type', 'the root of the archive is not a folder');
    if (kind === 'symlink') {
      checkTarget(this.#climbs ? Number.POSITIVE_INFINITY : parts.length - 1, target ?? '', path);
      this.#enter(parts, path, { kind, target: target ?? '' });
    } else {
      this.#enter(parts, path, { kind });
    }
  }

  /** Adds a hard link; gives the kind of what it names, which must be an earlier file, link or pipe. */
  addHardlink(parts: readonly string[], target: readonly string[]): NodeKind {
    const path = parts.join('/');
    const named = this.#nodes.get(target.join('/'));
    if (!named || named.kind === 'directory' || named.kind === 'implied') {
      throw refuse(
        'link-target',
        `hard link ${show(path)} names ${show(target.join('/'))}, which is no earlier file of this archive`,
      );
    }
    this.#enter(parts, path, named);
    if (named.kind !== 'dropped') this.inodes--;
    return named.kind;
  }

  /** Adds a folder at the top, if nothing has its name. */
  imply(path: string): void {
    if (!this.#nodes.has(path)) this.#set(path, { kind: 'implied' });
  }

  /** Makes every folder that has no entry of its own a real one; gives their paths. */
  settle(): string[] {
    const paths: string[] = [];
    for (const [path, node] of this.#nodes) {
      if (node.kind !== 'implied') continue;
      node.kind = 'directory';
      paths.push(path);
    }
    return paths;
  }

  /** Follows links as a process whose root is this tree would; gives the path reached, if it is there. */
  resolve(path: string): string | undefined {
    const pending = path.split('/').reverse();
    const reached: string[] = [];
    let links = 0;
    while (pending.length > 0) {
      const part = pending.pop() ?? '';
      if (part === '' || part === '.') continue;
      if (part === '..') {
        reached.pop();
        continue;
      }
      reached.push(part);
      const node = this.#nodes.get(reached.join('/'));
      if (!node) return undefined;
      if (node.kind !== 'symlink') continue;
      if (++links > 40) return undefined;
      reached.pop();
      const target = node.target ?? '';
      if (target.startsWith('/')) reached.length = 0;
      pending.push(...target.split('/').reverse());
    }
    return reached.join('/');
  }

  #enter(parts: readonly string[], path: string, node: Node): void {
    this.#enterParents(parts, path);
    const known = this.#nodes.get(path);
    if (known?.kind === 'implied' && node.kind === 'directory') {
      this.#nodes.set(path, node);
      return;
    }
    if (known) throw refuse('duplicate', `entry ${show(path || './')} is in the archive twice`);
    this.#set(path, node);
  }

  #enterParents(parts: readonly string[], path: string): void {
    let parent = '';
    for (let i = 0; i < parts.length - 1; i++) {
      parent = i === 0 ? (parts[0] ?? '') : `${parent}/${parts[i] ?? ''}`;
      const kind = this.#nodes.get(parent)?.kind;
      if (kind === 'directory' || kind === 'implied') continue;
      if (kind !== undefined) {
        throw refuse(
          'through-link',
          `entry ${show(path)} goes through ${show(parent)}, which is a ${kind}, not a folder`,
        );
      }
      this.#set(parent, { kind: 'implied' });
    }
  }

  #set(path: string, node: Node): void {
    this.#nodes.set(path, node);
    if (node.kind !== 'dropped') this.inodes++;
    // What this map costs the daemon is bounded too.
    this.#nameBytes += path.length + (node.target?.length ?? 0);
    if (this.#nodes.size > this.#limits.entries) {
      throw refuse('limit', `the archive has more than ${this.#limits.entries} entries`);
    }
    if (this.#nameBytes > this.#limits.nameBytes) {
      throw refuse(
        'limit',
        `the names in the archive have more than ${this.#limits.nameBytes} bytes together`,
      );
    }
  }
}
