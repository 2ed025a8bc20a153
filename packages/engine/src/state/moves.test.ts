// What is left of a domain whose files were being moved when the daemon was killed, before whichever step of it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { movedDocuments, movedRecord } from '../testing/moved-domain.js';
import { type Layout, layoutOf } from './layout.js';
import { DomainStore, type Lease, type Made, prepareFolders } from './store.js';

const options = { skip: process.getuid?.() === 0 ? false : "a daemon obeys root's files alone" };
const program = fileURLToPath(new URL('../testing/copied-store.js', import.meta.url));
const own = { start: 1 << 20, count: 65536 };
const other = { start: 1 << 21, count: 65536 };

/** Whose ids the files have on disk that the domain has, and those that were kept of another one. */
interface OnDisk {
  readonly old: Made['ids'];
  readonly gone: Made['ids'];
}

const madeWith = (ids: Made['ids']): Lease['made'] => [
  { target: '/', template: 't', limited: false, inodes: null, ...(ids !== undefined && { ids }) },
];

/** A domain with files and a snapshot, and beside it what was kept of another one. */
async function prepare(root: string, onDisk: OnDisk, operation: string): Promise<Layout> {
  chmodSync(root, 0o755);
  const layout = layoutOf(root);
  await prepareFolders(layout);
  const store = new DomainStore(layout);
  const record = movedRecord('old');
  const lease: Lease = { name: 'old', uuid: record.uuid, ids: own, made: madeWith(onDisk.old), kept: false };
  const fill = (text: string) => async (folder: string) => writeFileSync(join(folder, 'file'), text);
  const made = madeWith(onDisk.gone);
  await store.makeRoot({ ...lease, name: 'gone', uuid: 'another', ids: other, made }, fill('gone'));
  await store.keepRoot('gone', undefined);
  await store.putAside('gone');
  if (operation === 'restore') await store.makeKept({ ...lease, kept: true }, fill('again'));
  await store.makeRoot(lease, fill('old'));
  mkdirSync(join(store.rootFolder('old'), 'snapshots/one'), { recursive: true });
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
  const ranges: (number | undefined)[] = [];
  const roots = readdirSync(layout.roots).map((folder) => {
    const text = readFileSync(join(layout.roots, folder, 'lease.json'), 'utf8');
    const { name, kept, ids }: Pick<Lease, 'name' | 'kept' | 'ids'> = JSON.parse(text);
    const file = readFileSync(join(layout.roots, folder, 'file'), 'utf8');
    if (ids !== null) ranges.push(ids.start);
    const snapshot = existsSync(join(layout.roots, folder, 'snapshots/one')) ? ', one' : '';
    return `${folder.replace(/~\d+$/, '~')}: ${file}, ${name}${kept ? ' (kept)' : ''}${snapshot}`;
  });
  assert.equal(new Set(ranges).size, ranges.length, 'nobody has the ids of others');
  return { domains: readdirSync(layout.domains), roots: roots.sort() };
}

const gone = 'gone~: gone, gone (kept)';
const old = 'old: old, old, one';
const again = 'old~: again, old (kept)';
const before: Found = { domains: ['old'], roots: [gone, old] };
const operations: Readonly<Record<string, Found>> = {
  rename: { domains: ['new'], roots: [gone, 'new: old, new, one'] },
  keep: { domains: [], roots: [gone, 'old~: old, old (kept), one'] },
  adopt: { domains: ['old'], roots: ['old: gone, old', 'old~: old, old (kept), one'] },
  // Its snapshots stay with the domain where these are its own files, too.
  restore: { domains: ['old'], roots: [gone, 'old: again, old, one', 'old~: old, old (kept)'] },
};

const kinds: readonly OnDisk[] = [
  { old: undefined, gone: undefined },
  { old: undefined, gone: 'container' },
  { old: 'container', gone: undefined },
  { old: 'container', gone: 'container' },
];
const cases = Object.entries(operations).flatMap(([operation, after]) =>
  kinds
    .filter(({ old, gone }) =>
      operation === 'restore'
        ? old === 'container' && gone === 'container'
        : operation === 'adopt' || gone === undefined,
    )
    .map((onDisk) => ({ operation, after, onDisk })),
);

for (const { operation, after, onDisk } of cases) {
  const whose = `ids of the ${onDisk.old ?? 'host'}, and of the ${onDisk.gone ?? 'host'}`;
  test(`${operation}, killed before each of its steps: as it was, or done (${whose})`, options, async () => {
    const asBefore = operation === 'restore' ? { ...before, roots: [gone, old, again] } : before;
    // Short, as roots have to be.
    const folder = mkdtempSync('/tmp/cvmoves');
    const [root, copies] = [join(folder, 'root'), join(folder, 'at')];
    for (const path of [root, copies]) mkdirSync(path);
    try {
      chmodSync(folder, 0o755);
      await prepare(root, onDisk, operation);
      // A process of its own, for its calls are counted.
      execFileSync(process.execPath, [program, root, operation, copies]);
      let wasBefore = 0;
      const steps = readdirSync(copies).length;
      for (let step = 0; step <= steps; step++) {
        const layout = layoutOf(step === steps ? root : join(copies, String(step)));
        const found = await find(layout);
        const isBefore = found.roots.includes(old);
        assert.deepEqual(found, isBefore ? asBefore : after, `killed before step ${step}`);
        if (isBefore) assert.equal(wasBefore++, step, 'once it is done it is never undone');
        assert.deepEqual(await find(layout), found, 'the next daemon finds nothing to do');
      }
      assert.ok(wasBefore > 1 && wasBefore <= steps, `${wasBefore} steps of ${steps} before it`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
