// The graph of one package's folders: who imports whom, what hangs together in a knot, and which imports go up.
// SPDX-License-Identifier: Apache-2.0
import { dirname, join } from 'node:path';
import {
  isExportDeclaration,
  isImportDeclaration,
  isNamedImports,
  isStringLiteral,
  SyntaxKind,
} from 'typescript/unstable/ast';
import { folderOf, goesUp, hasFloor } from './floors.mjs';

/**
 * From a folder to one it imports from, with the imports it is made of.
 *
 * @typedef {object} Arrow
 * @property {string} from
 * @property {string} to
 * @property {boolean} isType
 * @property {{ path: string, spec: string, isType: boolean }[]} imports
 */

/** @param {readonly import('./sources.mjs').Source[]} sources */
export function arrowsOf(sources) {
  /** @type {Map<string, Arrow>} */
  const arrows = new Map();
  for (const { path, tree } of sources)
    for (const { spec, isType } of importsOf(tree)) {
      if (!spec.startsWith('.')) continue;
      const [from, to] = [folderOf(path), folderOf(join(dirname(path), spec))];
      if (from === to) continue;
      const key = `${from} -> ${to}`;
      const arrow = arrows.get(key) ?? { from, to, isType: true, imports: [] };
      arrows.set(key, arrow);
      arrow.imports.push({ path, spec, isType });
      arrow.isType &&= isType;
    }
  return [...arrows.values()];
}

/** @param {import('typescript/unstable/ast').SourceFile} tree */
function importsOf({ statements }) {
  return statements.flatMap((node) => {
    if (!isImportDeclaration(node) && !isExportDeclaration(node)) return [];
    const spec = node.moduleSpecifier;
    if (spec === undefined || !isStringLiteral(spec)) return [];
    const isType = isImportDeclaration(node) ? isTypeImport(node.importClause) : node.isTypeOnly;
    return [{ spec: spec.text, isType }];
  });
}

/**
 * `import type`, or one in which each name is marked so.
 *
 * @param {import('typescript/unstable/ast').ImportClause | undefined} clause
 */
function isTypeImport(clause) {
  if (clause === undefined) return false;
  if (clause.phaseModifier === SyntaxKind.TypeKeyword) return true;
  const { name, namedBindings } = clause;
  if (name !== undefined || namedBindings === undefined || !isNamedImports(namedBindings)) return false;
  const names = namedBindings.elements;
  return names.length > 0 && names.every(({ isTypeOnly }) => isTypeOnly);
}

/**
 * Strongly connected components of more than one folder (Tarjan's algorithm).
 *
 * @param {readonly Arrow[]} arrows
 */
export function knotsOf(arrows) {
  /** @type {Map<string, string[]>} */
  const next = new Map();
  for (const { from, to } of arrows) next.set(from, [...(next.get(from) ?? []), to]);
  /** @type {Map<string, { number: number, low: number }>} */
  const visited = new Map();
  /** @type {string[]} */
  const stack = [];
  /** @type {string[][]} */
  const knots = [];
  /**
   * @param {string} folder
   * @returns {{ number: number, low: number }}
   */
  const visit = (folder) => {
    const own = { number: visited.size, low: visited.size };
    visited.set(folder, own);
    stack.push(folder);
    for (const other of next.get(folder) ?? []) {
      const { low } = visited.get(other) ?? visit(other);
      if (stack.includes(other)) own.low = Math.min(own.low, low);
    }
    if (own.low === own.number) {
      const knot = stack.splice(stack.indexOf(folder));
      if (knot.length > 1) knots.push(knot.sort());
    }
    return own;
  };
  for (const folder of next.keys()) if (!visited.has(folder)) visit(folder);
  return knots.sort((a, b) => b.length - a.length);
}

/**
 * Arrows that do not go to a floor below, and folders that stand on none.
 *
 * @param {readonly Arrow[]} arrows
 */
export function againstFloors(arrows) {
  const folders = new Set(arrows.flatMap(({ from, to }) => [from, to]));
  return {
    up: arrows.filter(({ from, to }) => goesUp(from, to)),
    unknown: [...folders].filter((folder) => !hasFloor(folder)).sort(),
  };
}
