// Reads the members of one layer and writes them anew in canonical form: what tar unpacks is what was checked.
// SPDX-License-Identifier: Apache-2.0
import { refuse } from './errors.js';
import type { ImportLimits } from './limits.js';
import { MemberTree } from './member-tree.js';
import { show } from './tar-header.js';
import type { TarEntry } from './tar-reader.js';
import { type Member, memberBlocks } from './tar-write.js';

/** A container's own files, as they lie above its template: whiteouts, folders that cover all below, and links wherever they lead. */
export class LayerInspector {
  readonly #tree: MemberTree;
  /** Folders that cover all below them. */
  readonly opaque: string[] = [];

  constructor(limits: ImportLimits) {
    this.#tree = new MemberTree(limits, { climbs: true });
  }

  /** Files, folders and links so far. */
  get inodes(): number {
    return this.#tree.inodes;
  }

  /** A member by its path within the layer, or undefined for what is not kept. */
  take({ parts, member }: Pick<TarEntry, 'parts' | 'member'>): Member | undefined {
    if (member === undefined) {
      this.#tree.add(parts, 'dropped');
      return undefined;
    }
    const { kind, target = '', path, opaque } = member;
    if (kind === 'hardlink') {
      if (this.#tree.addHardlink(parts, target.split('/')) === 'dropped') return undefined;
    } else this.#tree.add(parts, kind, target);
    if (opaque === true) this.opaque.push(path);
    return member;
  }

  /** Folders that no member named. */
  missing(): Member[] {
    return this.#tree
      .settle()
      .filter((path) => path !== '')
      .map((path) => ({ kind: 'directory', path, mode: 0o755, uid: 0, gid: 0, mtime: 0, size: 0 }));
  }
}

/** The same members below another folder: `prefix` ends with a slash. */
export const placed = (member: Member, prefix: string): Member => ({
  ...member,
  path: `${prefix}${member.path}`.replace(/\/$/, ''),
  ...(member.kind === 'hardlink' && { target: `${prefix}${member.target ?? ''}` }),
});

/** A member of `prefix`, as it is called below it; its hard links lead nowhere else. */
export function within(prefix: string, { parts, member, data }: TarEntry): TarEntry {
  const own = parts.slice(prefix.split('/').length - 1);
  if (member === undefined) return { parts: own, member, data };
  const path = own.join('/');
  if (member.kind !== 'hardlink') return { parts: own, member: { ...member, path }, data };
  const target = member.target ?? '';
  if (!target.startsWith(prefix))
    throw refuse('link-target', `hard link ${show(member.path)} leads out of its layer, to ${show(target)}`);
  return { parts: own, member: { ...member, path, target: target.slice(prefix.length) }, data };
}

/** Members and what follows each, ended by whoever writes the archive. */
export async function* layerBlocks(
  entries: AsyncIterable<TarEntry>,
  inspector: LayerInspector,
  place: (member: Member) => Member = (member) => member,
): AsyncGenerator<Buffer> {
  for await (const entry of entries) {
    const member = inspector.take(entry);
    if (member !== undefined) yield* memberBlocks(place(member), entry.data);
  }
  for (const member of inspector.missing()) yield* memberBlocks(place(member), nothing());
}

async function* nothing(): AsyncGenerator<Buffer> {}
