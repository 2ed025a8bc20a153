// What either end of a conversion may be: a native format, or the document.
// SPDX-License-Identifier: Apache-2.0
import type { Format } from '../format.js';
import { type FormatName, formats } from '../formats.js';
import { domxmlFormat } from './domxml.js';

/** By name, in the order in which a path is tried. */
export const ends = { domxml: domxmlFormat, ...formats } as const satisfies Readonly<
  Record<FormatName | 'domxml', Format>
>;

/** A word that `--from` and `--to` take. */
export type EndName = keyof typeof ends;
/** Whether `--from` or `--to` may say so. */
export const isEndName = (word: string): word is EndName => Object.hasOwn(ends, word);
/** All of them, in the order in which a path is tried. */
export const endNames: readonly EndName[] = Object.keys(ends).filter(isEndName);
