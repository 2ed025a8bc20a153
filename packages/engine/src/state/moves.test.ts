// What is left of a domain whose files were being moved when the daemon was killed, before whichever step of it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { movedDocuments, movedRecord } from '../testing/moved-domain.js';
import { type Layout, layoutOf } from './layout.js';
import { DomainStore, type Lease, prepareFolders } from './store.js';

const options = { skip: process.getuid?.() === 0 ? false : "a daemon obeys root's files alone" };
const program = fileURLToPath(new URL('../testing/killed-store.js', import.meta.url));
const own = { start: 1 << 20, count: 65536 };
const other = { start: 1 << 21, count: 65536 };

/** A domain with files, and beside it what was kept of another one. */
async function prepare(root: string): Promise<Layout> {
  chmodSync(root, 0o755);
  const layout = layoutOf(root);
  await prepareFolders(layout);
  const store = new DomainStore(layout);
  const record = movedRecord('old');
  const lease: Lease = { name: 'old', uuid: record.uuid, ids: own, made: [], kept: false };
  const fill = (text: string) => async (folder: string) => writeFileSync(join(folder, 'file'), text);
  await store.makeRoot({ ...lease, name: 'gone', uuid: 'another', ids: other }, fill('gone'));
  await store.keepRoot('gone', undefined);
  await store.putAside('gone');
  await store.makeRoot(lease, fill('old'));
  await store.create(record, movedDocuments('old'));
  return layout;
}

interface Found {
  readonly domains: readonly string[];
  /** Each root with what is in it, whose it is by its lease, and the ids it has. */
  readonly roots: readonly string[];
}

/** As the next daemon finds it, which is whole: every document and record says the name of its folder. */
async function find(layout: Layout): Promise<Found> {
  const store = new DomainStore(layout);
  await store.recover();
  const { records, damaged } = store.load();
  assert.deepEqual(damaged, []);
  for (const record of records) {
    const { name } = record;
    assert.equal(await store.readXml(name), movedDocuments(name).xml);
    assert.equal(store.readNative(name, '105.conf'), movedDocuments(name).native['105.conf']);
    assert.equal(record.renamedFrom, undefined);
    assert.deepEqual(record.ids, store.lease(name)?.ids, 'its ids are those of its files');
    assert.equal(store.lease(name)?.uuid, record.uuid);
  }
  const roots = readdirSync(layout.roots).map((folder) => {
    const text = readFileSync(join(layout.roots, folder, 'lease.json'), 'utf8');
    const { name, kept }: { name: string; kept: boolean } = JSON.parse(text);
    const file = readFileSync(join(layout.roots, folder, 'file'), 'utf8');
    return `${folder}: ${file}, ${name}${kept ? ' (kept)' : ''}`;
  });
  return { domains: readdirSync(layout.domains), roots: roots.sort() };
}

const gone = 'gone~1: gone, gone (kept)';
const before: Found = { domains: ['old'], roots: [gone, 'old: old, old'] };
const operations: Readonly<Record<string, Found>> = {
  rename: { domains: ['new'], roots: [gone, 'new: old, new'] },
  keep: { domains: [], roots: [gone, 'old~1: old, old (kept)'] },
  adopt: { domains: ['old'], roots: ['old: gone, old', 'old~1: old, old (kept)'] },
};

for (const [operation, after] of Object.entries(operations))
  test(`${operation}, killed before each of its steps: as it was, or done`, options, async () => {
    let isDone = false;
    let wasBefore = 0;
    for (let step = 0; !isDone; step++) {
      assert.ok(step < 100, 'it ends');
      const root = mkdtempSync('/tmp/cvmoves');
      try {
        const layout = await prepare(root);
        const { status, signal, stderr } = spawnSync(
          process.execPath,
          [program, root, operation, String(step)],
          { encoding: 'utf8' },
        );
        isDone = status === 0;
        assert.ok(isDone || signal === 'SIGKILL', stderr);
        const found = await find(layout);
        const isBefore = JSON.stringify(found) === JSON.stringify(before);
        assert.deepEqual(found, isBefore ? before : after, `killed before step ${step}`);
        if (isBefore) assert.equal(wasBefore++, step, 'once it is done it is never undone');
        assert.deepEqual(await find(layout), found, 'the next daemon finds nothing to do');
      } finally {
        rmSync(root, { recursive: true });
      }
    }
    assert.ok(wasBefore > 1, `${wasBefore} steps before it`);
  });
