// What standard input is called where a file would be named.
// SPDX-License-Identifier: Apache-2.0

/** In angle brackets, so that it is taken for no file's name. */
export const stdinName = '<stdin>';

/** A file as messages name it. */
export const shownName = (file: string): string => (file === '-' ? stdinName : file);
