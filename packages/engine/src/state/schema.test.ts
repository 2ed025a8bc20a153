// The state of an earlier version becomes that of this one, whole or not yet; that of a later one is left alone.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { type Layout, layoutOf } from './layout.js';
import { bringForward } from './schema.js';

let layout: Layout;
let done: string[];
const said: string[] = [];
const at = (...names: readonly string[]): string => join(layout.lib, ...names);
const textOf = (...names: readonly string[]): string => readFileSync(at(...names), 'utf8');
const step = (name: string) => async (): Promise<void> => {
  done.push(name);
};
const bring = (...steps: readonly (() => Promise<void>)[]): Promise<void> =>
  bringForward(layout, steps, (_level, message) => said.push(message));

beforeEach(async () => {
  layout = layoutOf(await mkdtemp('/tmp/cvschema'));
  for (const folder of [layout.domains, layout.networks, layout.filters, layout.roots])
    await mkdir(folder, { recursive: true });
  done = [];
  said.length = 0;
});
afterEach(async () => await rm(layout.root ?? '', { recursive: true }));

async function defineOne(): Promise<void> {
  await mkdir(at('domains/one'));
  await writeFile(at('domains/one/record.json'), 'old');
  await mkdir(at('roots/one'));
  await writeFile(at('roots/one/lease.json'), 'old lease');
  await writeFile(at('roots/one/root.img'), 'large');
}

test('a new state is of this version, and nothing is kept of it', async () => {
  await bring(step('one'), step('two'));
  assert.deepEqual(done, []);
  assert.equal(textOf('schema'), '2\n');
  assert.ok(!existsSync(at('before-schema-2')));
});

test('what is due is done once, and the state before it is kept, but for the files of domains', async () => {
  await defineOne();
  const change = () => writeFile(at('domains/one/record.json'), 'new');
  await bring(change);
  await bring(change, step('two'));
  await bring(change, step('two'));
  assert.deepEqual(done, ['two']);
  assert.equal(textOf('schema'), '2\n');
  assert.equal(textOf('before-schema-1/domains/one/record.json'), 'old');
  assert.equal(textOf('before-schema-2/domains/one/record.json'), 'new');
  assert.deepEqual(readdirSync(at('before-schema-1/roots/one')), ['lease.json']);
  assert.equal(said.length, 2);
});

test('one that failed on the way is done again, and the copy is of before the first try', async () => {
  await defineOne();
  const fails = async (): Promise<void> => {
    await writeFile(at('domains/one/record.json'), 'half');
    throw new Error('killed');
  };
  await assert.rejects(bring(fails), /killed/);
  assert.ok(!existsSync(at('schema')));
  await bring(step('one'));
  assert.equal(textOf('before-schema-1/domains/one/record.json'), 'old');
});

test('state of a later version is refused with the way back, and so is a damaged one', async () => {
  await defineOne();
  await writeFile(at('schema'), '2\n');
  await assert.rejects(bring(step('one')), {
    code: 'unsupported',
    message: /its schema is 2.*before-schema-2$/s,
  });
  await writeFile(at('schema'), 'x');
  await assert.rejects(bring(step('one')), { code: 'internal', message: /is damaged/ });
  assert.deepEqual(done, []);
  assert.equal(textOf('domains/one/record.json'), 'old');
});
