// What a daemon finds on disk after one that was killed, or that had no room to write: whole domains and nothing else.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { domainRecord } from '../testing/record.js';
import { type Layout, layoutOf } from './layout.js';
import { DomainStore, type Lease, prepareFolders } from './store.js';

let layout: Layout;
let store: DomainStore;
beforeEach(async () => {
  // Short, and passable for everybody, as the root of a daemon must be.
  layout = layoutOf(await mkdtemp('/tmp/cvstore'));
  await prepareFolders(layout).catch(ignoreClosed);
  store = new DomainStore(layout);
});
afterEach(async () => await rm(layout.root ?? '', { recursive: true }));

/** mkdtemp's folder is its owner's alone, which matters to containers only. */
function ignoreClosed(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'invalid')) throw error;
}

const record = domainRecord({
  name: 'one',
  uuid: '8509a1d4-1569-4467-8b37-4e433a1ac7b1',
  createdAt: '2026-01-01T00:00:00.000Z',
});
const documents = { xml: '<domain/>', native: {} };
const lease = (kept: boolean): Lease => ({
  name: record.name,
  uuid: record.uuid,
  ids: null,
  made: [],
  kept,
});
const makeRoot = (kept: boolean) =>
  store.makeRoot(lease(kept), (folder) => writeFile(join(folder, 'root.img'), 'precious'));

test('files that a definition takes over are its own, wherever it was interrupted', async () => {
  await makeRoot(true);
  // So had earlier versions what was kept; and so has an undefine that was killed.
  assert.deepEqual(await store.recover(), []);
  const [kept] = store.keptRoots();
  assert.ok(kept?.root === 'one~1');
  await store.takeRoot(kept, 'one');
  await store.create(record, documents);
  assert.deepEqual(await store.recover(), []);
  assert.equal(store.lease('one')?.kept, false);
  // As undefine with storage, killed between its two steps:
  await store.remove('one');
  assert.deepEqual(await store.recover(), [store.rootFolder('one')]);
  assert.deepEqual(readdirSync(layout.roots), []);
});

test('files that were begun to be written go, those of people stay', async () => {
  await makeRoot(false);
  await store.create(record, documents);
  const own = ['record.json.0a1b2c3d.new', 'domain.xml.ffffffff.new'].map((name) =>
    join(store.folder('one'), name),
  );
  const lone = join(store.rootFolder('one'), 'lease.json.01234567.new');
  const foreign = join(store.folder('one'), 'notes.new');
  for (const path of [...own, lone, foreign]) await writeFile(path, 'half');
  assert.deepEqual((await store.recover()).sort(), [...own, lone].sort());
  assert.ok(existsSync(foreign));
  assert.equal(await store.readXml('one'), '<domain/>');
});

test('what was half-made or half-removed goes', async () => {
  await makeRoot(false);
  await store.create(record, documents);
  for (const parent of [layout.domains, layout.roots])
    for (const name of ['.new-abc', '.gone-abc']) await writeFile(join(parent, name), '');
  assert.equal((await store.recover()).length, 4);
  assert.deepEqual(readdirSync(layout.domains), ['one']);
  assert.deepEqual(readdirSync(layout.roots), ['one']);
});

test('a damaged file hides neither the other domains nor whose ids are in use', async () => {
  const ids = { start: 1 << 20, count: 65536 };
  const other = { ...lease(true), name: 'other', ids };
  await store.makeRoot({ ...lease(false), ids }, (folder) => writeFile(join(folder, 'root.img'), 'precious'));
  await store.makeRoot(other, (folder) => writeFile(join(folder, 'root.img'), 'precious'));
  await store.create(record, documents);
  await store.create({ ...record, name: 'third' }, documents);
  await writeFile(join(store.folder('one'), 'record.json'), '{');
  await writeFile(join(store.rootFolder('other'), 'lease.json'), '[]');
  assert.deepEqual(await store.recover(), []);
  const { records, leases, damaged } = store.load();
  assert.deepEqual(
    [records.map(({ name }) => name), leases.map(({ name }) => name), damaged.map(({ code }) => code)],
    [['third'], ['one'], ['internal', 'internal']],
  );
  assert.deepEqual(store.keptRoots(), []);
  assert.throws(() => store.lease('other'), { code: 'internal' });
  assert.ok(existsSync(join(store.rootFolder('other'), 'root.img')));
  // Nobody is to be given ids that are no numbers.
  for (const start of ['1048576', null, 1.5]) {
    const text = JSON.stringify({ ...other, ids: { ...ids, start } });
    await writeFile(join(store.rootFolder('other'), 'lease.json'), text);
    assert.throws(() => store.lease('other'), { code: 'internal' });
  }
});

test('a lease says how each layer is kept; one of an earlier version is given the word once', async () => {
  const made = { target: '/', template: 'busybox', limited: true, inodes: null };
  const other = { ...made, target: '/srv', layer: 'project' };
  await store.makeRoot({ ...lease(true), made: [made, other] }, async () => undefined);
  assert.deepEqual(
    ['/', '/srv', '/none'].map((target) => store.layersOf('one')(target)?.layer),
    [undefined, 'project', undefined],
  );
  const asked: string[] = [];
  const name = (folder: string, target: string): string => {
    asked.push(`${folder} ${target}`);
    return 'image';
  };
  for (let daemon = 0; daemon < 2; daemon++) await store.nameLayers(name);
  assert.deepEqual(asked, [`${store.rootFolder('one')} /`]);
  assert.deepEqual(
    ['/', '/srv'].map((target) => store.layersOf('one')(target)?.layer),
    ['image', 'project'],
  );
  assert.deepEqual(store.lease('one')?.made, [{ ...made, layer: 'image' }, other]);
  // Nothing is said where there is no lease, or a damaged one: a start looks at what lies there.
  assert.equal(store.layersOf('none')('/'), undefined);
  await writeFile(join(store.rootFolder('one'), 'lease.json'), '{');
  await store.nameLayers(() => assert.fail());
  assert.equal(store.layersOf('one')('/'), undefined);
});

test('whatever writes the lease of kept files, they hold ids only where they carry some of the host', async () => {
  const ids = { start: 0x40000000, count: 65536 };
  const made = { target: '/', template: 't', limited: false, inodes: null };
  const held = async (kept: boolean, ...layers: readonly Lease['made'][number][]) => {
    await store.writeLease({ ...lease(kept), ids, made: layers });
    return store.lease(record.name)?.ids;
  };
  await makeRoot(true);
  const own = { ...made, target: '/srv', ids: 'container' } as const;
  assert.deepEqual(
    [await held(true, own), await held(true, made), await held(true, own, made), await held(false, own)],
    [null, ids, ids, ids],
  );
});
