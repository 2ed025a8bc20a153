// The files a native configuration consists of, as text: readers get them, writers answer them.
// SPDX-License-Identifier: Apache-2.0

/** A file or a symbolic link; an empty text is a file too (Linux-VServer's flags are). */
export type FileEntry =
  | { readonly text: string; readonly link?: undefined }
  | { readonly link: string; readonly text?: undefined };

/** By path, absolute or relative to where the configuration begins, with `/` between its parts. */
export type FileSet = ReadonlyMap<string, FileEntry>;

/** A set of text files from pairs of path and text. */
export function filesOf(entries: Iterable<readonly [path: string, text: string]>): FileSet {
  return new Map([...entries].map(([path, text]) => [path, { text }]));
}

/** The last part of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** All of a path but its last part; empty for a bare name. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
