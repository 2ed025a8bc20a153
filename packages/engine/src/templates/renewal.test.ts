// Templates that are made again or get another name, while domains may stand on them.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, afterEach, before, test } from 'node:test';
import { archive, file } from '../testing/hostile-archive.js';
import { layoutOf, tarOf } from '../testing/oci-image.js';
import { TemplateStore } from './store.js';

let dir = '';
let storeDir = '';
let store: TemplateStore;
/** Who stands on what. */
let users = new Map<string, string>();
const open = async (): Promise<string[]> => {
  store = new TemplateStore({
    dir: storeDir,
    users: {
      of: (name) => [...users].flatMap(([user, on]) => (on === name ? [user] : [])),
      move: async (from, to) => {
        for (const [user, on] of users) if (on === from) users.set(user, to);
      },
    },
  });
  return await store.recover();
};
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ctvirt-renewal-'));
  storeDir = join(dir, 'templates');
  await open();
});
afterEach(async () => {
  users = new Map();
  for (const { name } of await store.list()) await store.remove(name);
  assert.deepEqual(await readdir(storeDir), []);
});
after(async () => {
  await rm(dir, { recursive: true, force: true });
});

const motd = (name: string) => readFile(join(store.rootfs(name), 'etc/motd'), 'utf8');
const names = async () => (await store.list()).map(({ name }) => name);

/** A template of this motd, and an archive that its next one is made of. */
async function imported(name: string, { next }: { readonly next: string }): Promise<string> {
  const path = join(dir, `${name}.tar`);
  await writeFile(path, archive(file('etc/motd', 'old')));
  await store.import(name, path);
  await writeFile(path, archive(file('etc/motd', next)));
  return path;
}

test('one that nobody uses is replaced whole; with another name a new one is made beside it', async () => {
  const path = await imported('root', { next: 'new' });
  await store.update('root', { as: 'root-2' });
  assert.deepEqual([await motd('root'), await motd('root-2')], ['old', 'new']);
  await assert.rejects(store.update('root', { as: 'root-2' }), { code: 'exists' });
  await store.update('root');
  assert.equal(await motd('root'), 'new');
  await writeFile(path, 'no archive');
  await assert.rejects(store.update('root'), { code: 'unsupported' });
  assert.equal(await motd('root'), 'new');
  assert.deepEqual((await readdir(storeDir)).sort(), ['root', 'root-2']);
});

test('one in use is kept for its users, under the next free number', async () => {
  const path = await imported('root', { next: 'second' });
  users.set('web', 'root');
  await store.update('root');
  users.set('shop', 'root');
  await writeFile(path, archive(file('etc/motd', 'third')));
  await store.update('root');
  assert.deepEqual(
    [...users],
    [
      ['web', 'root~1'],
      ['shop', 'root~2'],
    ],
  );
  assert.deepEqual(await Promise.all(['root', 'root~1', 'root~2'].map(motd)), ['third', 'old', 'second']);
  await assert.rejects(store.remove('root~1'), { code: 'in-use', message: /in use by web/ });
  users.delete('web');
  await store.remove('root~1');
  users.set('mail', 'root');
  await store.update('root');
  assert.deepEqual(await names(), ['root', 'root~2', 'root~3']);
});

test('what an earlier one is called is no name for a new one; it may be called otherwise', async () => {
  const path = await imported('root', { next: 'new' });
  users.set('web', 'root');
  await store.update('root');
  await writeFile(path, archive(file('etc/motd', 'old')));
  assert.equal((await store.import('again', path, { reuse: true })).name, 'again');
  const refused = { code: 'invalid', message: /what an earlier root is called/ };
  await assert.rejects(store.update('root~1'), refused);
  await assert.rejects(store.update('root', { as: 'root~2' }), refused);
  await assert.rejects(store.import('root~2', join(dir, 'root.tar')), refused);
  await assert.rejects(store.import('root~2', path, { dryRun: true }), refused);
  await assert.rejects(store.rename('root', 'root~2'), refused);
  users.clear();
  assert.equal((await store.rename('root~1', 'before')).name, 'before');
});

test('as long as not all its users are told, the name means the old one, to later daemons too', async () => {
  await imported('root', { next: 'new' });
  users.set('web', 'root');
  let fails = true;
  const failing = new TemplateStore({
    dir: storeDir,
    users: {
      of: (name) => [...users].flatMap(([user, on]) => (on === name ? [user] : [])),
      move: async (from, to) => {
        if (fails) throw new Error('no space left');
        for (const [user, on] of users) if (on === from) users.set(user, to);
      },
    },
  });
  await assert.rejects(failing.update('root'), /no space left/);
  const read = (name: string) => readFile(join(failing.rootfs(name), 'etc/motd'), 'utf8');
  assert.deepEqual([await read('root'), await read('root~1')], ['old', 'old']);
  await assert.rejects(failing.remove('root~1'), /no space left/);
  await failing.recover();
  assert.deepEqual([await read('root'), await read('root~1')], ['old', 'old']);
  fails = false;
  // Whatever is done with it next does first what is left.
  await assert.rejects(failing.rename('root', 'root'), { code: 'invalid' });
  await assert.rejects(failing.remove('root~1'), { code: 'in-use' });
  assert.deepEqual([await read('root'), await read('root~1')], ['new', 'old']);
});

test('a daemon that is killed at the change leaves one or the other', async () => {
  await imported('root', { next: 'new' });
  users.set('web', 'root');
  await store.update('root', { as: 'next' });
  // Named, and not yet in its place.
  await writeFile(join(storeDir, 'next/replaces'), 'root~1');
  await rename(join(storeDir, 'next'), join(storeDir, 'root~1'));
  assert.deepEqual(await open(), ['root~1']);
  assert.deepEqual([await names(), await motd('root'), users.get('web')], [['root'], 'old', 'root']);
  // In its place, and nobody told.
  await store.update('root', { as: 'next' });
  await writeFile(join(storeDir, 'next/replaces'), 'root~1');
  await rename(join(storeDir, 'root'), join(storeDir, 'root~1'));
  await rename(join(storeDir, 'next'), join(storeDir, 'root'));
  assert.deepEqual(await open(), []);
  assert.deepEqual([await motd('root'), await motd('root~1'), users.get('web')], ['new', 'old', 'root~1']);
  assert.deepEqual(await readdir(join(storeDir, 'root')), ['rootfs', 'template.json']);
});

test('one that somebody begins to use meanwhile is kept, too', async () => {
  await imported('late', { next: 'new' });
  await store.update('late', { onProgress: ({ phase }) => phase === 'sync' && users.set('web', 'late') });
  assert.deepEqual([await motd('late'), await motd('late~1'), users.get('web')], ['new', 'old', 'late~1']);
});

test('what it was made of is known: packages, one image of several, or nothing that is here', async () => {
  await store.buildBusybox('busybox');
  const again = await store.update('busybox', { as: 'again' });
  assert.deepEqual(again.recipe, { distribution: 'busybox' });
  const path = join(dir, 'images.tar');
  const image = (name: string) => ({ name, layers: [archive(file('etc/motd', name))] });
  await writeFile(path, tarOf(layoutOf(image('a:1'), image('a:2'))));
  await store.import('image', path, { image: 'a:2' });
  await store.update('image');
  assert.equal(await motd('image'), 'a:2');
  await store.import('sent', Readable.from([archive(file('etc/motd', 'x'))]));
  await assert.rejects(store.update('sent'), { code: 'unsupported' });
});

test('nobody comes to use one between the look at its users and its end', async () => {
  await store.buildBusybox('held');
  const seen: boolean[] = [];
  const of = (): string[] => {
    queueMicrotask(() => seen.push(existsSync(store.rootfs('held'))));
    return [];
  };
  const watched = new TemplateStore({ dir: storeDir, users: { of, move: async () => {} } });
  await watched.rename('held', 'other');
  await store.rename('other', 'held');
  await watched.remove('held');
  assert.deepEqual(seen, [false, false]);
});

test('a new name is one rename; one in use, or a name that is taken, is refused', async () => {
  await store.import('one', Readable.from([archive(file('etc/motd', '1'))]));
  await store.import('two', Readable.from([archive(file('etc/motd', '2'))]));
  users.set('web', 'one');
  await assert.rejects(store.rename('one', 'three'), { code: 'in-use' });
  users.clear();
  await assert.rejects(store.rename('one', 'two'), { code: 'exists' });
  await assert.rejects(store.rename('one', 'one'), { code: 'invalid' });
  await assert.rejects(store.rename('one', '../x'), { code: 'invalid' });
  await assert.rejects(store.rename('none', 'x'), { code: 'not-found' });
  assert.equal((await store.rename('one', 'three')).name, 'three');
  assert.deepEqual(
    (await store.list()).map(({ name }) => name),
    ['three', 'two'],
  );
  assert.equal(await motd('three'), '1');
});

test('a copy is one of its own, of the same digest', async () => {
  const path = await imported('root', { next: 'new' });
  users.set('web', 'root');
  await store.copy('root', 'copy');
  const [root, copy] = [await store.get('root'), await store.get('copy')];
  assert.deepEqual({ ...copy, name: '', importedAt: '' }, { ...root, name: '', importedAt: '' });
  await assert.rejects(store.copy('root', 'copy'), { code: 'exists' });
  await assert.rejects(store.copy('other', 'third'), { code: 'not-found' });
  await store.update('copy');
  assert.deepEqual([await motd('root'), await motd('copy')], ['old', 'new']);
  await rm(path);
});
