// A guest's folder of small files, read by kind, with a mark on each entry that was looked at.
// SPDX-License-Identifier: Apache-2.0
import type { FileSet } from '../files.js';
import type { Place } from '../report.js';

/** A line of a file, with its number from 1. */
export interface TreeLine {
  readonly text: string;
  readonly line: number;
}

/** One guest's entries by path below its folder; names are case-sensitive. */
export class GuestTree {
  readonly #files: FileSet;
  readonly #prefix: string;
  readonly #seen = new Set<string>();

  /** `folder` is the guest's own, a prefix of its paths in the set; empty when they start there. */
  constructor(files: FileSet, folder: string) {
    this.#files = files;
    this.#prefix = folder === '' ? '' : `${folder.replace(/\/+$/, '')}/`;
  }

  /** Where an entry stands, for the report. */
  place(path: string, line = 1): Place {
    return { file: this.#prefix + path, line, key: path };
  }

  /** Every entry, sorted: the order in which util-vserver takes them. */
  paths(): string[] {
    return [...this.#files.keys()]
      .filter((path) => path.startsWith(this.#prefix))
      .map((path) => path.slice(this.#prefix.length))
      .filter((path) => path !== '')
      .sort();
  }

  /** Whether the entry is there, as a file, a link or a folder. */
  has(path: string): boolean {
    this.#seen.add(path);
    return this.#files.has(this.#prefix + path) || this.children(path).length > 0;
  }

  /** First line, blanks around it taken off; undefined without the file. */
  scalar(path: string): string | undefined {
    this.#seen.add(path);
    const text = this.#files.get(this.#prefix + path)?.text;
    return text?.split('\n', 1)[0]?.trim();
  }

  /** Lines that hold something and are no comments. */
  list(path: string): TreeLine[] {
    this.#seen.add(path);
    const text = this.#files.get(this.#prefix + path)?.text ?? '';
    return text
      .split('\n')
      .map((line, index) => ({ text: line.trim(), line: index + 1 }))
      .filter(({ text: line }) => line !== '' && !line.startsWith('#'));
  }

  /** Where a link leads, or the first line of a file that stands in for one. */
  link(path: string): string | undefined {
    this.#seen.add(path);
    const entry = this.#files.get(this.#prefix + path);
    return entry?.link ?? entry?.text?.split('\n', 1)[0]?.trim();
  }

  /** Names right below a folder, sorted, hidden ones left out. */
  children(folder: string): string[] {
    const prefix = `${this.#prefix}${folder}/`;
    const names = new Set<string>();
    for (const path of this.#files.keys()) {
      if (!path.startsWith(prefix)) continue;
      const name = path.slice(prefix.length).split('/', 1)[0] ?? '';
      if (name !== '' && !name.startsWith('.')) names.add(name);
    }
    return [...names].sort();
  }

  /** Takes the mark off an entry that nothing came of, so that it is kept. */
  leave(path: string): void {
    this.#seen.delete(path);
  }

  /** Entries that nothing asked for. */
  unseen(): string[] {
    return this.paths().filter((path) => !this.#seen.has(path));
  }
}

/** Folders with numbers for names, and the names they have when they are written back. */
export class NumberedFolders {
  readonly #names = new Map<string, string>();
  readonly #whole = new Set<string>();

  /** What is left of the folder stands beside what is written of it, under that name. */
  move(folder: string, name: string): void {
    this.#names.set(folder, name);
  }

  /** Nothing came of these: all of each is kept, since a part alone is no configuration. */
  keep(folders: readonly string[], nameAt: (index: number) => string): void {
    for (const [index, folder] of folders.entries()) {
      this.move(folder, nameAt(index));
      this.#whole.add(folder);
    }
  }

  isKept(path: string): boolean {
    return [...this.#whole].some((folder) => path.startsWith(`${folder}/`));
  }

  /** Where an entry is written back. */
  nameOf(path: string): string {
    for (const [folder, name] of this.#names)
      if (path.startsWith(`${folder}/`)) return name + path.slice(folder.length);
    return path;
  }
}

const powers: Readonly<Record<string, bigint>> = { K: 1024n, M: 1024n ** 2n, k: 1000n, m: 1000n ** 2n };

/** Reads a limit: decimal or 0x…, suffix K, M (of 1024) or k, m (of 1000); `inf` is `infinite`. */
export function parseLimit(text: string): bigint | 'infinite' | undefined {
  if (/^(inf|infinity|unlimited)$/i.test(text)) return 'infinite';
  const match = /^(0x[0-9a-f]{1,16}|\d{1,19})([KMkm])?$/i.exec(text);
  if (!match?.[1]) return undefined;
  const scale = match[2] === undefined ? 1n : powers[match[2]];
  return scale === undefined ? undefined : BigInt(match[1]) * scale;
}
