// What must not reach a terminal as it stands: names, titles and messages may hold anything, whoever made them.
// SPDX-License-Identifier: Apache-2.0
import { stripVTControlCharacters } from 'node:util';

/** Control characters drive a terminal, line separators and marks of direction make it show another text than there is. */
const unprintable = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** One line, every character of which is seen. */
export const printable = (text: string): string => text.replace(unprintable, '\ufffd');

/** The same of a text that has lines and tabs of its own. */
export const printableLines = (text: string): string =>
  text.replace(unprintable, (character) => (character === '\n' || character === '\t' ? character : '\ufffd'));

/** The words of what a program wrote to a terminal: what it did there besides is left out. */
export const wordsOfTerminal = (text: string): string => stripVTControlCharacters(text).replaceAll('\r', '');
