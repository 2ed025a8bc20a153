// A container's files together with those that they name, whatever reads them.
// SPDX-License-Identifier: Apache-2.0
import type { FileEntry, FileSet } from './files.js';
import type { Format, NativeUnit } from './format.js';

/** More than any configuration has; one that names files without end stops here. */
const mostReferences = 256;

/**
 * The files with all that they name, and that those name in turn. `read` answers what is at a path: one entry of a file,
 * several of a folder, none where there is nothing to be had, which the format then reports.
 */
export function withReferences(
  format: Format,
  own: FileSet,
  unit: NativeUnit,
  read: (path: string) => Iterable<readonly [path: string, entry: FileEntry]>,
): FileSet {
  const files = new Map<string, FileEntry>(own);
  const asked = new Set<string>();
  for (;;) {
    const missing = format.references(files, unit).filter((path) => !asked.has(path));
    if (missing.length === 0) return files;
    for (const path of missing) {
      if (asked.size >= mostReferences) return files;
      asked.add(path);
      for (const [place, entry] of read(path)) files.set(place, entry);
    }
  }
}
