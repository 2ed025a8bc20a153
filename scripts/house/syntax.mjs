// What one file's syntax tells: long functions, casts, and exports with a sentence of their own.
// SPDX-License-Identifier: Apache-2.0
import {
  isAssertionExpression,
  isClassDeclaration,
  isEnumDeclaration,
  isFunctionDeclaration,
  isFunctionLikeDeclaration,
  isInterfaceDeclaration,
  isNonNullExpression,
  isTypeAliasDeclaration,
  isVariableStatement,
  SyntaxKind,
} from 'typescript/unstable/ast';
import { lineAt, placeOf } from './sources.mjs';

/**
 * @typedef {import('typescript/unstable/ast').Node} Node
 * @typedef {import('./sources.mjs').Source} Source
 */

/** @param {Node} node */
const isDeclaration = (node) =>
  isClassDeclaration(node) ||
  isEnumDeclaration(node) ||
  isFunctionDeclaration(node) ||
  isInterfaceDeclaration(node) ||
  isTypeAliasDeclaration(node) ||
  isVariableStatement(node);

/**
 * Functions with more lines than `most`, those within others too.
 *
 * @param {readonly Source[]} sources
 * @param {number} most
 */
export function longFunctions(sources, most) {
  /** @type {{ where: string, name: string, lines: number }[]} */
  const found = [];
  for (const source of sources)
    walk(source.tree, (node) => {
      if (!isFunctionLikeDeclaration(node) || node.body === undefined) return;
      const first = lineAt(source.text, node.getStart(source.tree));
      const lines = lineAt(source.text, node.end) - first + 1;
      if (lines > most) found.push({ where: placeOf(source, node), name: nameOf(node), lines });
    });
  return found.sort((a, b) => b.lines - a.lines);
}

/**
 * `x as T`, but not `as const`, which asserts nothing; and `x!`.
 *
 * @param {readonly Source[]} sources
 */
export function assertions(sources) {
  /** @type {{ casts: string[], nonNull: string[] }} */
  const found = { casts: [], nonNull: [] };
  for (const source of sources)
    walk(source.tree, (node) => {
      if (isNonNullExpression(node)) found.nonNull.push(placeOf(source, node));
      if (isAssertionExpression(node) && node.type.getText(source.tree) !== 'const')
        found.casts.push(placeOf(source, node));
    });
  return found;
}

/**
 * Of each package the number of its files' exported declarations, and those without a doc comment.
 *
 * @param {readonly Source[]} sources
 */
export function documented(sources) {
  /** @type {Map<string, { package: string, exports: number, without: string[] }>} */
  const packages = new Map();
  for (const source of sources) {
    const count = packages.get(source.package) ?? { package: source.package, exports: 0, without: [] };
    packages.set(source.package, count);
    for (const node of source.tree.statements) {
      if (!isDeclaration(node)) continue;
      if (node.modifiers?.some(({ kind }) => kind === SyntaxKind.ExportKeyword) !== true) continue;
      count.exports++;
      if ((node.jsDoc?.length ?? 0) === 0) count.without.push(placeOf(source, node));
    }
  }
  return [...packages.values()];
}

/**
 * Each node, once.
 *
 * @param {Node} node
 * @param {(node: Node) => void} visit
 */
function walk(node, visit) {
  visit(node);
  node.forEachChild((child) => {
    walk(child, visit);
  });
}

/** @param {Node} node */
const namePart = (node) => ('name' in node ? node.name : undefined);

/**
 * Of an arrow function the name of what it is put into.
 *
 * @param {Node} node
 */
function nameOf(node) {
  const name = namePart(node) ?? namePart(node.parent);
  const isWord = typeof name === 'object' && name !== null && 'text' in name;
  return isWord && typeof name.text === 'string' ? name.text : '(anonymous)';
}
