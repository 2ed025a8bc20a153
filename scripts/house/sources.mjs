// The production sources of all packages, parsed by TypeScript's compiler: what users run, so no tests and no helpers of tests.
// SPDX-License-Identifier: Apache-2.0
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { API } from 'typescript/unstable/sync';
import { root } from '../setup.mjs';

const isProduction = (path) => !path.endsWith('.test.ts') && !path.split('/').includes('testing');

/** Each with its package, its path below that package's `src`, its text and its tree. */
export function readSources() {
  const api = new API({ cwd: root });
  try {
    return readdirSync(join(root, 'packages')).flatMap((name) => {
      const source = join(root, 'packages', name, 'src');
      const config = join(root, 'packages', name, 'tsconfig.json');
      const project = api.updateSnapshot({ openProjects: [config] }).getProject(config);
      return project.rootFiles
        .map((file) => ({ file, path: relative(source, file) }))
        .filter(({ path }) => isProduction(path))
        .map(({ file, path }) => {
          const tree = project.program.getSourceFile(file);
          return { package: name, path, text: tree.text, tree };
        });
    });
  } finally {
    api.close();
  }
}

/** Where it stands, for people to go there. */
export const placeOf = (source, node) =>
  `packages/${source.package}/src/${source.path}:${lineAt(source.text, node.getStart(source.tree))}`;

/** From 1. */
export const lineAt = (text, position) => text.slice(0, position).split('\n').length;
