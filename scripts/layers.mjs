// Checks that packages import each other downwards only (docs/architecture.md shows the layers), and so do the engine's folders; and who reaches for the host.
// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { checkReach } from './host-reach.mjs';
import { folderOf, goesUp, hasFloor } from './house/floors.mjs';

/** @type {Readonly<Record<string, number | undefined>>} */
const layer = { xml: 0, rpc: 0, formats: 1, api: 1, engine: 2, daemon: 3, cli: 3, console: 3 };
/** Whom a package may only take types from: the engine says what it tells in the contract's shapes, and runs without them. */
const typesOnly = new Map([['engine', ['api']]]);
/** Whom a package may import at all, where that is less than what lies below it: a page carries what it imports. */
const only = new Map([['console', ['@ctvirt/api/browser', '@ctvirt/xml']]]);
const root = new URL('../packages/', import.meta.url).pathname;
/**
 * Whether a package offers that part of it to others.
 *
 * @param {string} name
 * @param {string} inner
 */
const isEntry = (name, inner) =>
  JSON.parse(readFileSync(join(root, name, 'package.json'), 'utf8')).exports[`./${inner}`] !== undefined;

/**
 * What is wrong with an import within the engine, whose tests may look anywhere.
 *
 * @param {string} file
 * @param {string} spec
 */
function floorFault(file, spec) {
  if (file.endsWith('.test.ts') || file.startsWith('testing/')) return undefined;
  const [from, to] = [folderOf(file), folderOf(join(dirname(file), spec))];
  const homeless = [from, to].find((folder) => !hasFloor(folder));
  if (homeless !== undefined) return `${homeless} has no floor: add it to scripts/house/floors.mjs`;
  return goesUp(from, to) ? `${from} may not import ${to}` : undefined;
}

let faults = 0;
/** @param {string} text */
const fault = (text) => {
  faults++;
  console.error(text);
};

for (const name of readdirSync(root)) {
  const own = layer[name];
  if (own === undefined) {
    fault(`packages/${name} has no layer: add it to scripts/layers.mjs and docs/architecture.md`);
    continue;
  }
  for (const file of readdirSync(join(root, name, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (!/\.tsx?$/.test(file)) continue;
    const text = readFileSync(join(root, name, 'src', file), 'utf8');
    for (const [, kind, spec] of text.matchAll(
      /^(import type|import|export type|export)\b[^;]*?from '(@ctvirt\/[^']+)'/gm,
    )) {
      const [, target, inner] = spec.split('/');
      if (typesOnly.get(name)?.includes(target) && !kind.endsWith(' type'))
        fault(`packages/${name}/src/${file}: ${name} may import only types of ${target}`);
      if (only.get(name)?.includes(spec) === false)
        fault(`packages/${name}/src/${file}: ${name} may not import ${spec}`);
      if (inner !== undefined && !isEntry(target, inner))
        fault(`packages/${name}/src/${file}: reaches inside ${spec}`);
      const theirs = layer[target];
      if (theirs === undefined) fault(`packages/${name}/src/${file}: unknown package ${spec}`);
      else if (theirs >= own) fault(`packages/${name}/src/${file}: ${name} may not import ${target}`);
    }
    for (const [, spec] of text.matchAll(/import\('(@ctvirt\/[^']+)'\)/g))
      if (only.get(name)?.includes(spec) === false)
        fault(`packages/${name}/src/${file}: ${name} may not import ${spec}`);
    for (const [, spec] of text.matchAll(/from '(\.\.?\/[^']+)'/g)) {
      if (join(name, 'src', file, '..', spec).split('/')[0] !== name)
        fault(`packages/${name}/src/${file}: leaves its package by ${spec}`);
      const wrong = name === 'engine' ? floorFault(file, spec) : undefined;
      if (wrong !== undefined) fault(`packages/engine/src/${file}: ${wrong}`);
    }
  }
}
checkReach(fault);
if (faults > 0) process.exit(1);
console.log('layers: ok');
