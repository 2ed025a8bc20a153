// Repeated runs: the same 50 tokens or more, some eight lines, in two files or twice in one.
// SPDX-License-Identifier: Apache-2.0
import { SyntaxKind } from 'typescript/unstable/ast';
import { lineAt } from './sources.mjs';

const LEAST = 50;

// Names, words and signs are compared as they are; texts and numbers only as being some. Comments, blanks and imports do not count.
// A run is as long as it can be, stays within one file, and is counted once for each time it is said again.
const token =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|(?<text>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`)|(?<number>\b\d[\w.]*)|(?<word>[\p{L}_$#][\p{L}\p{N}_$]*|[^\s\w])/gu;

/**
 * A word of a file; the end of the file is one without.
 *
 * @typedef {object} Token
 * @property {import('./sources.mjs').Source} source
 * @property {string} [word]
 * @property {number} at
 */

/**
 * Each with its length in tokens, where it is said first, and where again.
 *
 * @param {readonly import('./sources.mjs').Source[]} sources
 */
export function duplicateRuns(sources) {
  const tokens = sources.flatMap(tokensOf);
  /** @type {Map<string, number>} */
  const known = new Map();
  const ids = tokens.map(({ word }, at) => {
    // The end of a file is like nothing else.
    if (word === undefined) return -at - 1;
    const id = known.get(word) ?? known.size;
    known.set(word, id);
    return id;
  });
  const runs = [];
  /** @type {Map<string, number>} */
  const firsts = new Map();
  for (let at = 0; at + LEAST <= ids.length; ) {
    const key = ids.slice(at, at + LEAST).join(' ');
    const first = firsts.get(key) ?? at;
    firsts.set(key, first);
    let length = 0;
    while (first + length < at && ids[first + length] === ids[at + length]) length++;
    if (length < LEAST) at++;
    else {
      runs.push({ tokens: length, first: whereOf(tokens[first]), again: whereOf(tokens[at]) });
      at += length;
    }
  }
  return runs.sort((a, b) => b.tokens - a.tokens);
}

/**
 * @param {import('./sources.mjs').Source} source
 * @returns {Token[]}
 */
function tokensOf(source) {
  const imports = source.tree.statements.filter(({ kind }) => kind === SyntaxKind.ImportDeclaration);
  const start = imports.at(-1)?.end ?? 0;
  const found = [...source.text.slice(start).matchAll(token)].flatMap(({ index, groups }) => {
    const said = groups?.word ?? (groups?.text && "''") ?? (groups?.number && '0');
    return said === undefined ? [] : [{ source, word: said, at: start + index }];
  });
  return [...found, { source, at: source.text.length }];
}

/** @param {Token} token */
const whereOf = ({ source, at }) =>
  `packages/${source.package}/src/${source.path}:${lineAt(source.text, at)}`;
