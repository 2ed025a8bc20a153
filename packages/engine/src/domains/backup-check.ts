// Whether backups can be restored: a sample of each is, and is compared with what its repository says of it.
// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { Repository } from '../backup/repositories.js';
import type { Generation, ListedFile } from '../backup/tool.js';
import type { Watched } from '../contract.js';
import type { DomainStore } from '../state/store.js';

/** Dependencies of `checkBackups`. */
export interface CheckParts {
  readonly store: Pick<DomainStore, 'scratch'>;
}

const ROOT = 'root';
const FILES = 50;
const BYTES = 256 * 2 ** 20;
/** What stands in a list for bytes of a name that are no UTF-8: which file that is, it does not say. */
const UNSAID = '\ufffd';

/** What came of one. */
export interface Checked {
  readonly generation: Generation;
  readonly files: number;
  readonly bytes: number;
  readonly differences: string[];
}

/** The repository's own check first, then the last one of each domain. */
export async function checkBackups(
  generations: readonly Generation[],
  { tool }: Repository,
  { signal, onProgress, isWhole }: Watched & { readonly isWhole: boolean },
  { store }: CheckParts,
): Promise<Checked[]> {
  const damaged = await tool.check({ signal, isWhole });
  const newest = new Map<string, Generation>();
  for (const one of generations) {
    const known = newest.get(one.uuid);
    if (known === undefined || Date.parse(known.takenAt) < Date.parse(one.takenAt)) newest.set(one.uuid, one);
  }
  const checked: Checked[] = [];
  // Whatever is hit, which need not be the last one.
  for (const generation of generations) {
    const differences = damaged.filter(({ id }) => id === generation.id).map(({ path }) => path);
    if (differences.length === 0) continue;
    if (newest.get(generation.uuid) === generation) newest.delete(generation.uuid);
    checked.push({ generation, files: 0, bytes: 0, differences });
  }
  for (const generation of newest.values()) {
    onProgress?.({ phase: 'restoring samples', done: checked.length, total: newest.size });
    const sample = sampleOf(await tool.files(generation.id, ROOT), generation.id);
    const differences = await store.scratch(async (folder) => {
      if (sample.length === 0) return [];
      const paths = sample.map(({ path }) => path);
      // Contents are compared with their hashes as they are written, and once more as they lie there.
      await tool.restore(generation.id, { tree: ROOT, paths, verify: true }, folder, { signal });
      return sample
        .filter((file) => !isAs(file, join(tool.treeIn(folder, ROOT), file.path)))
        .map(({ path }) => path);
    });
    const bytes = sample.reduce((sum, { size }) => sum + size, 0);
    checked.push({ generation, files: sample.length, bytes, differences });
  }
  return checked;
}

/** Others for each backup, the same for the same. */
function sampleOf(files: readonly ListedFile[], id: string): ListedFile[] {
  const place = ({ path }: ListedFile): string => createHash('sha256').update(id).update(path).digest('hex');
  const named = files.filter(({ path }) => !path.includes(UNSAID));
  const shuffled = named.map((file) => ({ file, at: place(file) })).sort((a, b) => (a.at < b.at ? -1 : 1));
  const sample: ListedFile[] = [];
  let bytes = 0;
  for (const { file } of shuffled) {
    if (sample.length >= FILES) break;
    if (bytes + file.size > BYTES) continue;
    bytes += file.size;
    sample.push(file);
  }
  return sample;
}

const PERMISSIONS = 0o777;

function isAs({ size, mode, uid, gid, mtime }: ListedFile, path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return (
    found?.isFile() === true &&
    found.size === size &&
    (found.mode & PERMISSIONS) === (mode & PERMISSIONS) &&
    found.uid === uid &&
    found.gid === gid &&
    Math.abs(found.mtimeMs - Date.parse(mtime)) < 2
  );
}
