// What one file's syntax tells: long functions, casts, and exports with a sentence of their own.
// SPDX-License-Identifier: Apache-2.0
import { SyntaxKind } from 'typescript/unstable/ast';
import { lineAt, placeOf } from './sources.mjs';

const functions = new Set([
  SyntaxKind.ArrowFunction,
  SyntaxKind.Constructor,
  SyntaxKind.FunctionDeclaration,
  SyntaxKind.FunctionExpression,
  SyntaxKind.GetAccessor,
  SyntaxKind.MethodDeclaration,
  SyntaxKind.SetAccessor,
]);

const declarations = new Set([
  SyntaxKind.ClassDeclaration,
  SyntaxKind.EnumDeclaration,
  SyntaxKind.FunctionDeclaration,
  SyntaxKind.InterfaceDeclaration,
  SyntaxKind.TypeAliasDeclaration,
  SyntaxKind.VariableStatement,
]);

/** Functions with more lines than `most`, those within others too. */
export function longFunctions(sources, most) {
  const found = [];
  for (const source of sources)
    walk(source.tree, (node) => {
      if (!functions.has(node.kind) || node.body === undefined) return;
      const first = lineAt(source.text, node.getStart(source.tree));
      const lines = lineAt(source.text, node.end) - first + 1;
      if (lines > most) found.push({ where: placeOf(source, node), name: nameOf(node), lines });
    });
  return found.sort((a, b) => b.lines - a.lines);
}

/** `x as T`, but not `as const`, which asserts nothing; and `x!`. */
export function assertions(sources) {
  const found = { casts: [], nonNull: [] };
  for (const source of sources)
    walk(source.tree, (node) => {
      if (node.kind === SyntaxKind.NonNullExpression) found.nonNull.push(placeOf(source, node));
      const isCast =
        node.kind === SyntaxKind.AsExpression || node.kind === SyntaxKind.TypeAssertionExpression;
      if (isCast && node.type.getText(source.tree) !== 'const') found.casts.push(placeOf(source, node));
    });
  return found;
}

/** Of each package the number of its files' exported declarations, and those without a doc comment. */
export function documented(sources) {
  const packages = new Map();
  for (const source of sources) {
    const count = packages.get(source.package) ?? { package: source.package, exports: 0, without: [] };
    packages.set(source.package, count);
    for (const node of source.tree.statements) {
      const isExport = node.modifiers?.some(({ kind }) => kind === SyntaxKind.ExportKeyword) === true;
      if (!isExport || !declarations.has(node.kind)) continue;
      count.exports++;
      if ((node.jsDoc?.length ?? 0) === 0) count.without.push(placeOf(source, node));
    }
  }
  return [...packages.values()];
}

/** Each node, once. */
function walk(node, visit) {
  visit(node);
  node.forEachChild((child) => {
    walk(child, visit);
  });
}

/** Of an arrow function the name of what it is put into. */
const nameOf = ({ name, parent }) => (name ?? parent?.name)?.text ?? '(anonymous)';
