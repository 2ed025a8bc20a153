// What differs between two trees that a container wrote, one after the other, above the same template.
// SPDX-License-Identifier: Apache-2.0
import { lstatSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import type { ChangedFile } from '@ctvirt/api';
import type { PrivateMounts } from '../host/private-mounts.js';
import { sumsOf } from './file-list.js';
import { foundWords, type Within } from './found-words.js';

/** Two upper folders of overlays, as they are found among mounts of the moment, and the template below both. */
export interface Compared {
  readonly before: string;
  readonly after: string;
  readonly template: string;
  /** What was changed before that is the same in both. */
  readonly since: Date;
  readonly mounts: PrivateMounts;
}

/** A file of a tree; its path in bytes, one a character. */
interface Entry {
  readonly type: string;
  readonly size: string;
  readonly modified: string;
  readonly changed: number;
  /** Mode and owner. */
  readonly owned: string;
  readonly link: string;
}

const FIELDS = 7;

/** By path; of folders only that they are there or not, and whose they are. */
export async function changesBetween(compared: Compared): Promise<ChangedFile[]> {
  const before = await treeAt(compared.before, compared.mounts);
  const after = await treeAt(compared.after, compared.mounts);
  const changes: ChangedFile[] = [];
  const doubtful: string[] = [];
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    const verdict = verdictOn(
      before.get(path),
      after.get(path),
      templateFile(compared.template, path),
      compared.since,
    );
    if (verdict === 'doubtful') doubtful.push(path);
    else if (verdict !== undefined) changes.push({ ...verdict, path: pathOf(path) });
  }
  for (const path of await differing(doubtful, compared))
    changes.push({ change: 'changed', kind: 'file', path: pathOf(path) });
  return changes.sort((a, b) => (a.path < b.path ? -1 : 1));
}

type Verdict = Omit<ChangedFile, 'path'> | 'doubtful' | undefined;

function verdictOn(
  before: Entry | undefined,
  after: Entry | undefined,
  below: Stats | undefined,
  since: Date,
): Verdict {
  const was = shownBy(before, below);
  const is = shownBy(after, below);
  if (was === undefined) return is && { change: 'added', kind: is };
  if (is === undefined) return { change: 'removed', kind: was };
  // It is the template's in one of the two, of which a folder that something was put into has a copy.
  if (before === undefined || after === undefined)
    return was === 'folder' && is === 'folder' ? undefined : { change: 'changed', kind: is };
  if (before.type !== after.type || before.owned !== after.owned || before.link !== after.link)
    return { change: 'changed', kind: is };
  if (is !== 'file') return undefined;
  if (before.size !== after.size || before.modified !== after.modified)
    return { change: 'changed', kind: is };
  const isTouched = after.changed !== before.changed && after.changed * 1000 >= since.getTime();
  return isTouched ? 'doubtful' : undefined;
}

/** What the container finds there: the layer's, or where that says nothing the template's. */
function shownBy(entry: Entry | undefined, below: Stats | undefined): ChangedFile['kind'] | undefined {
  if (entry === undefined) return below && kindOf(below);
  return entry.type === WHITEOUT ? undefined : (kinds[entry.type] ?? 'other');
}

/** Of character devices a container can make only those that stand for what is removed. */
const WHITEOUT = 'c';
const kinds: Readonly<Record<string, ChangedFile['kind']>> = { f: 'file', d: 'folder', l: 'link' };

function kindOf(stats: Stats): ChangedFile['kind'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'folder';
  return stats.isSymbolicLink() ? 'link' : 'other';
}

/** Not by way of a link: names below one are none of the template's. */
function templateFile(template: string, path: string): Stats | undefined {
  try {
    return lstatSync(Buffer.from(join(template, path), 'latin1'), { throwIfNoEntry: false });
  } catch {
    return undefined; // below a file
  }
}

const pathOf = (path: string): string => `/${Buffer.from(path, 'latin1').toString('utf8')}`;

async function treeAt(folder: string, mounts: PrivateMounts): Promise<Map<string, Entry>> {
  const format = '%P\\0%y\\0%s\\0%T@\\0%C@\\0%m %U %G\\0%l\\0';
  const words = await foundWords(['/usr/bin/find', folder, '-mindepth', '1', '-printf', format], {
    within: (start) => mounts.within(start),
  });
  const entries = new Map<string, Entry>();
  for (let at = 0; at + FIELDS <= words.length; at += FIELDS) {
    const [path = '', type = '', size = '', modified = '', changed = '', owned = '', link = ''] = words.slice(
      at,
      at + FIELDS,
    );
    entries.set(path, { type, size, modified, changed: Number(changed), owned, link });
  }
  return entries;
}

/** Those of these files whose content differs. */
async function differing(paths: readonly string[], { before, after, mounts }: Compared): Promise<string[]> {
  const within: Within = (start) => mounts.within(start);
  const [old, now] = [await sumsOf(before, paths, within), await sumsOf(after, paths, within)];
  return paths.filter((path) => old.get(path) !== now.get(path));
}
