// The graph of one package's folders: who imports whom, what hangs together in a knot, and which imports go up.
// SPDX-License-Identifier: Apache-2.0
import { dirname, join } from 'node:path';
import { SyntaxKind } from 'typescript/unstable/ast';
import { floorOf, folderOf } from './floors.mjs';

/** Arrows between folders, each with the imports it is made of. */
export function arrowsOf(sources) {
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

function importsOf({ statements }) {
  return statements.flatMap((node) => {
    if (node.kind === SyntaxKind.ImportDeclaration)
      return [{ spec: node.moduleSpecifier.text, isType: isTypeImport(node.importClause) }];
    if (node.kind === SyntaxKind.ExportDeclaration && node.moduleSpecifier !== undefined)
      return [{ spec: node.moduleSpecifier.text, isType: node.isTypeOnly }];
    return [];
  });
}

/** `import type`, or one in which each name is marked so. */
function isTypeImport(clause) {
  if (clause === undefined) return false;
  if (clause.phaseModifier === SyntaxKind.TypeKeyword || clause.isTypeOnly) return true;
  const names = clause.namedBindings?.elements;
  return clause.name === undefined && names?.length > 0 && names.every(({ isTypeOnly }) => isTypeOnly);
}

/** Strongly connected components of more than one folder (Tarjan's algorithm). */
export function knotsOf(arrows) {
  const next = new Map();
  for (const { from, to } of arrows) next.set(from, [...(next.get(from) ?? []), to]);
  const [number, low, stack, knots] = [new Map(), new Map(), [], []];
  const visit = (folder) => {
    number.set(folder, number.size);
    low.set(folder, number.get(folder));
    stack.push(folder);
    for (const other of next.get(folder) ?? []) {
      if (!number.has(other)) visit(other);
      if (stack.includes(other)) low.set(folder, Math.min(low.get(folder), low.get(other)));
    }
    if (low.get(folder) !== number.get(folder)) return;
    const knot = stack.splice(stack.indexOf(folder));
    if (knot.length > 1) knots.push(knot.sort());
  };
  for (const folder of next.keys()) if (!number.has(folder)) visit(folder);
  return knots.sort((a, b) => b.length - a.length);
}

/** Arrows that do not go to a floor below, and folders that stand on none. */
export function againstFloors(arrows) {
  const folders = new Set(arrows.flatMap(({ from, to }) => [from, to]));
  return {
    up: arrows.filter(({ from, to }) => floorOf(to) <= floorOf(from)),
    unknown: [...folders].filter((folder) => floorOf(folder) === undefined).sort(),
  };
}
