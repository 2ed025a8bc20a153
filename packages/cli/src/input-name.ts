// What standard input is called where a file would be named.
// SPDX-License-Identifier: Apache-2.0

export const stdinName = '<stdin>';

/** A file as messages name it. */
export const shownName = (file: string): string => (file === '-' ? stdinName : file);
