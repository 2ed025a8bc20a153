// The production sources of all packages, parsed by TypeScript's compiler: what users run, so no tests and no helpers of tests.
// SPDX-License-Identifier: Apache-2.0
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { API } from 'typescript/unstable/sync';
import { root } from '../setup.mjs';

/**
 * A file, with its package and its path below that package's `src`.
 *
 * @typedef {object} Source
 * @property {string} package
 * @property {string} path
 * @property {string} text
 * @property {import('typescript/unstable/ast').SourceFile} tree
 */

/** @param {string} path */
const isProduction = (path) => !path.endsWith('.test.ts') && !path.split('/').includes('testing');

/** @returns {Source[]} */
export function readSources() {
  const api = new API({ cwd: root });
  try {
    return readdirSync(join(root, 'packages')).flatMap((name) => {
      const source = join(root, 'packages', name, 'src');
      const config = join(root, 'packages', name, 'tsconfig.json');
      const project = api.updateSnapshot({ openProjects: [config] }).getProject(config);
      if (project === undefined) throw new Error(`TypeScript opens no project of ${config}`);
      return project.rootFiles
        .map((file) => ({ file, path: relative(source, file) }))
        .filter(({ path }) => isProduction(path))
        .map(({ file, path }) => {
          const tree = project.program.getSourceFile(file);
          if (tree === undefined) throw new Error(`TypeScript has no tree of ${file}`);
          return { package: name, path, text: tree.text, tree };
        });
    });
  } finally {
    api.close();
  }
}

/**
 * Where it stands, for people to go there.
 *
 * @param {Source} source
 * @param {import('typescript/unstable/ast').Node} node
 */
export const placeOf = (source, node) =>
  `packages/${source.package}/src/${source.path}:${lineAt(source.text, node.getStart(source.tree))}`;

/**
 * From 1.
 *
 * @param {string} text
 * @param {number} position
 */
export const lineAt = (text, position) => text.slice(0, position).split('\n').length;
