// Which snapshot is current, whatever was made, reverted to, removed or passed on.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Graves } from './graves.js';
import { passSnapshots, type SnapshotRecord, SnapshotStore } from './snapshot-store.js';

let folder: string;
let root: string;
let store: SnapshotStore;
const told: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cvs'));
  root = made('root');
  told.length = 0;
  reopen();
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  assert.deepEqual(told, []);
});

function made(name: string): string {
  mkdirSync(join(folder, name));
  return join(folder, name);
}

/** What the next daemon knows. */
function reopen(): void {
  const tell = (message: string) => void told.push(message);
  store = new SnapshotStore(tell, new Graves(folder, tell));
}

const nothing = { description: null, expiresAt: null, frozenMs: null, outside: [] };
let seconds = 0;
async function make(name: string): Promise<void> {
  const record: SnapshotRecord = {
    ...nothing,
    name,
    createdAt: new Date(++seconds * 1000).toISOString(),
    parent: current() ?? null,
    state: 'shutoff',
    by: 'request',
  };
  await store.make(root, { name, xml: '<domain/>' }, async () => record);
}
const current = (of = root): string | undefined => store.list(of).find(({ isCurrent }) => isCurrent)?.name;
const remove = (name: string) => store.remove(root, name, () => undefined);

test('the last that was made is current, until another is reverted to or it is removed', async () => {
  const steps: readonly (readonly [() => Promise<void>, string | undefined])[] = [
    [() => make('a'), 'a'],
    [() => make('b'), 'b'],
    [() => store.setCurrent(root, 'a'), 'a'],
    [() => make('c'), 'c'],
    [() => store.change(root, 'c', (record) => ({ ...record, description: 'text' })), 'c'],
    [() => remove('b'), 'c'],
    [() => remove('c'), 'a'],
    [() => make('d'), 'd'],
    [() => store.setCurrent(root, null), undefined],
    [() => remove('d'), undefined],
    [() => remove('a'), undefined],
    [() => make('e'), 'e'],
  ];
  for (const [at, [step, expected]] of steps.entries()) {
    await step();
    assert.equal(current(), expected, `step ${at}`);
    reopen();
    assert.equal(current(), expected, `step ${at}, read again`);
  }
});

test('what is made before a daemon is killed is current at the next, without another file', async () => {
  await make('a');
  assert.throws(() => readFileSync(join(root, 'snapshots.json')), { code: 'ENOENT' });
  reopen();
  assert.equal(current(), 'a');
});

test('those of an earlier version keep the one that their file names', async () => {
  await make('a');
  await make('b');
  for (const name of ['a', 'b']) {
    const path = join(store.path(root, name), 'snapshot.json');
    const { turn: _turn, ...record } = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify(record));
  }
  writeFileSync(join(root, 'snapshots.json'), '{"version":1,"current":"a"}\n');
  reopen();
  assert.equal(current(), 'a');
  await make('c');
  assert.equal(current(), 'c');
});

test('passed to other files and back, those of each are told by what they came of', async () => {
  const other = made('other');
  await make('a');
  await make('b');
  await passSnapshots(root, other);
  reopen();
  assert.deepEqual(
    store.list(other).map(({ name }) => name),
    ['a', 'b'],
  );
  assert.deepEqual([current(other), current()], [undefined, undefined]);
  await store.setCurrent(other, 'a');
  await passSnapshots(other, root);
  reopen();
  assert.equal(current(), 'b');
  await passSnapshots(root, other);
  reopen();
  assert.equal(current(other), 'a');
});
