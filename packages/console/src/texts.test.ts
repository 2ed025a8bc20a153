// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const root = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

test('every command that the console names is one', () => {
  const reference = read('docs/reference/cli.md');
  const verbs = new Set([...reference.matchAll(/`ctvirt ([a-z-]+(?: [a-z-]+)?)/g)].map(([, verb]) => verb));
  const named = [
    ...read('packages/console/src/texts.ts').matchAll(/ctvirt ([a-z-]+)(?: ([a-z-]+))?/g),
  ].filter(([whole]) => !whole.startsWith('ctvirt is'));
  assert.ok(named.length > 10);
  const unknown = named.filter(([, verb, noun]) => !verbs.has(verb) && !verbs.has(`${verb} ${noun}`));
  assert.deepEqual(
    unknown.map(([whole]) => whole),
    [],
  );
});
