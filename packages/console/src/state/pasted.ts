// Several files as one text, each after a line with its path, as `tail -n +1 FILE…` prints them: a folder can be pasted so.
// SPDX-License-Identifier: Apache-2.0

/** A file as it goes to a conversion. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
}

const head = /^==> (.+) <==$/;

/** The files of a text: one of that name where no line begins another. */
export function filesOf(text: string, name: string): TextFile[] {
  const lines = text.split('\n');
  const heads = lines.flatMap((line, at) => {
    const path = head.exec(line)?.[1];
    return path === undefined ? [] : [{ at, path }];
  });
  if (heads[0]?.at !== 0) return [{ path: name, text }];
  // Of a line's end before a head tail is the author, not the file.
  return heads.map(({ at, path }, index) => ({
    path,
    text: lines.slice(at + 1, heads[index + 1]?.at).join('\n'),
  }));
}

/** The same, the other way: one file is its text. */
export const textOf = (files: readonly TextFile[]): string =>
  files.length === 1
    ? (files[0]?.text ?? '')
    : files.map(({ path, text }) => `==> ${path} <==\n${text}`).join('\n');
