// Templates that are made again or get another name, while domains may stand on them.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { archive, file } from '../testing/hostile-archive.js';
import { layoutOf, tarOf } from '../testing/oci-image.js';
import { TemplateStore } from './store.js';

let dir = '';
let storeDir = '';
let store: TemplateStore;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ctvirt-renewal-'));
  storeDir = join(dir, 'templates');
  store = new TemplateStore({ dir: storeDir });
  await store.recover();
});
after(async () => {
  await rm(dir, { recursive: true, force: true });
});

const nobody = { inUse: (): string[] => [] };
const web = { inUse: (): string[] => ['web'] };
const motd = (name: string) => readFile(join(store.rootfs(name), 'etc/motd'), 'utf8');

test('one that nobody uses is replaced whole; of one in use a new one is made beside it', async () => {
  const path = join(dir, 'root.tar');
  await writeFile(path, archive(file('etc/motd', 'old')));
  await store.import('root', path);
  await writeFile(path, archive(file('etc/motd', 'new')));
  await assert.rejects(store.update('root', web), {
    code: 'in-use',
    message: /in use by web: --as NAME makes/,
  });
  await store.update('root', { ...web, as: 'root-2' });
  assert.deepEqual([await motd('root'), await motd('root-2')], ['old', 'new']);
  await assert.rejects(store.update('root', { ...web, as: 'root-2' }), { code: 'exists' });
  await store.update('root', nobody);
  assert.equal(await motd('root'), 'new');
  await writeFile(path, 'no archive');
  await assert.rejects(store.update('root', nobody), { code: 'unsupported' });
  assert.equal(await motd('root'), 'new');
  assert.deepEqual((await readdir(storeDir)).sort(), ['root', 'root-2']);
  for (const name of ['root', 'root-2']) await store.remove(name, nobody);
});

test('one that somebody begins to use meanwhile stays as it is', async () => {
  const path = join(dir, 'late.tar');
  await writeFile(path, archive(file('etc/motd', 'old')));
  await store.import('late', path);
  await writeFile(path, archive(file('etc/motd', 'new')));
  let asked = 0;
  const inUse = (): string[] => (++asked > 1 ? ['web'] : []);
  await assert.rejects(store.update('late', { inUse }), { code: 'in-use' });
  assert.equal(await motd('late'), 'old');
  assert.deepEqual(await readdir(storeDir), ['late']);
  await store.remove('late', nobody);
});

test('what it was made of is known: packages, one image of several, or nothing that is here', async () => {
  await store.buildBusybox('busybox');
  const again = await store.update('busybox', { ...nobody, as: 'again' });
  assert.deepEqual(again.recipe, { distribution: 'busybox' });
  const path = join(dir, 'images.tar');
  const image = (name: string) => ({ name, layers: [archive(file('etc/motd', name))] });
  await writeFile(path, tarOf(layoutOf(image('a:1'), image('a:2'))));
  await store.import('image', path, { image: 'a:2' });
  await store.update('image', nobody);
  assert.equal(await motd('image'), 'a:2');
  await store.import('sent', Readable.from([archive(file('etc/motd', 'x'))]));
  await assert.rejects(store.update('sent', nobody), { code: 'unsupported' });
  for (const name of ['busybox', 'again', 'image', 'sent']) await store.remove(name, nobody);
});

test('nobody comes to use one between the look at its users and its end', async () => {
  await store.buildBusybox('held');
  const seen: boolean[] = [];
  const inUse = () => {
    queueMicrotask(() => seen.push(existsSync(store.rootfs('held'))));
    return [];
  };
  await store.rename('held', 'other', { inUse });
  await store.rename('other', 'held', nobody);
  await store.remove('held', { inUse });
  assert.deepEqual(seen, [false, false]);
});

test('a new name is one rename; one in use, or a name that is taken, is refused', async () => {
  await store.import('one', Readable.from([archive(file('etc/motd', '1'))]));
  await store.import('two', Readable.from([archive(file('etc/motd', '2'))]));
  await assert.rejects(store.rename('one', 'three', web), { code: 'in-use' });
  await assert.rejects(store.rename('one', 'two', nobody), { code: 'exists' });
  await assert.rejects(store.rename('one', 'one', nobody), { code: 'invalid' });
  await assert.rejects(store.rename('one', '../x', nobody), { code: 'invalid' });
  await assert.rejects(store.rename('none', 'x', nobody), { code: 'not-found' });
  assert.equal((await store.rename('one', 'three', nobody)).name, 'three');
  assert.deepEqual(
    (await store.list()).map(({ name }) => name),
    ['three', 'two'],
  );
  assert.equal(await motd('three'), '1');
  for (const name of ['two', 'three']) await store.remove(name, nobody);
});
