// The files a native configuration consists of, as text: readers get them, writers answer them.
// SPDX-License-Identifier: Apache-2.0

/** A file or a symbolic link; an empty text is a file too (Linux-VServer's flags are). */
export type FileEntry =
  | {
      readonly text: string;
      readonly link?: undefined;
      /** Lines, from 1, whose bytes were no UTF-8: their text is what they most likely mean. */
      readonly guessedLines?: readonly number[];
    }
  | { readonly link: string; readonly text?: undefined };

/** By path, absolute or relative to where the configuration begins, with `/` between its parts. */
export type FileSet = ReadonlyMap<string, FileEntry>;

/** A set of text files from pairs of path and text. */
export function filesOf(entries: Iterable<readonly [path: string, text: string]>): FileSet {
  return new Map([...entries].map(([path, text]) => [path, { text }]));
}

/** What is said of a file that is named and missing; `isWhole` when whatever is there was looked for. */
export function absenceOf(path: string, isWhole: boolean | undefined): string {
  const why = isWhole === true ? 'there is no such file' : 'it was not given';
  return `${path}: ${why}, so what it says is missing from the result`;
}

/** Any name as that of a file: libvirt allows almost any character in a domain's name, a path does not. */
export function fileNameOf(name: string): string {
  // Most are, and of thousands of domains each is asked for in a scrape.
  if (/^[A-Za-z0-9_+@-][A-Za-z0-9_+@.-]*$/.test(name)) return name;
  return [...new TextEncoder().encode(name)]
    .map((byte, index) => {
      const char = String.fromCharCode(byte);
      const plain = /[A-Za-z0-9_+@-]/.test(char) || (char === '.' && index > 0);
      return plain ? char : `%${byte.toString(16).padStart(2, '0')}`;
    })
    .join('');
}

/** The last part of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** All of a path but its last part; empty for a bare name. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** Whether the last part of a path begins with a dot. */
export const isHidden = (path: string): boolean => baseName(path).startsWith('.');

const lineFeed = 0x0a;

/** A file of these bytes: UTF-8, but for lines that are not and are read as ISO 8859-1, which fits any. */
export function entryOf(bytes: Uint8Array): FileEntry {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    return { text: decoder.decode(bytes) };
  } catch {
    // Line by line then: files grow over the years, and their editors change.
  }
  const guessedLines: number[] = [];
  const lines: string[] = [];
  for (let start = 0; start <= bytes.length; ) {
    const end = bytes.indexOf(lineFeed, start);
    const line = bytes.subarray(start, end < 0 ? undefined : end);
    try {
      lines.push(decoder.decode(line));
    } catch {
      lines.push(Array.from(line, (byte) => String.fromCharCode(byte)).join(''));
      guessedLines.push(lines.length);
    }
    if (end < 0) break;
    start = end + 1;
  }
  return { text: lines.join('\n'), guessedLines };
}
