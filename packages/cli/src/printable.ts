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

/** The same of JSON, which means what it meant: JSON itself lets DEL, the controls of C1 and marks of direction stand. */
export const printableJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value ?? null, null, indent).replace(unprintable, (character) =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** The words of what a program wrote to a terminal: what it did there besides is left out. */
export const wordsOfTerminal = (text: string): string => stripVTControlCharacters(text).replaceAll('\r', '');
