// Storage pools over the end of the daemon that has them: what is known is what was said, and half an upload is nothing.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Pools } from './pools.js';
import { layoutOf } from './state/layout.js';
import { prepareFolders } from './state/store.js';
import { Sources } from './storage/index.js';

const options = { skip: process.getuid?.() === 0 ? false : "a daemon obeys root's files alone" };
const root = mkdtempSync(join(tmpdir(), 'cvp'));
chmodSync(root, 0o755);
after(() => rmSync(root, { recursive: true }));
const layout = layoutOf(join(root, 'daemon'));
const folder = join(root, 'files');
let log: string[] = [];
let writable: string[] = [];

async function open(): Promise<Pools> {
  log = [];
  await prepareFolders(layout);
  const sources = new Sources({ own: [layout.etc, layout.lib, layout.run], writable: () => writable });
  return await Pools.open({
    layout,
    sources,
    log: (level, message) => void log.push(`${level}: ${message}`),
  });
}

const stateOf = (pools: Pools) =>
  pools
    .list()
    .map(({ name, isActive, autostart, isPersistent }) => [name, isActive, autostart, isPersistent]);
const own = ['backups', true, true, true];

test(
  'the next daemon has the pools of the last one, and after a boot those that are to start',
  options,
  async () => {
    mkdirSync(join(folder, 'sub'), { recursive: true });
    const pools = await open();
    for (const [name, path] of [
      ['a', folder],
      ['b', join(folder, 'sub')],
    ] as const) {
      await pools.define({ name, path });
      await pools.start(name);
    }
    await pools.setAutostart('a', true);
    mkdirSync(join(root, 'now'));
    await pools.define({ name: 'now', path: join(root, 'now') }, { transient: true });
    const known = [own, ['a', true, true, true], ['b', true, false, true], ['now', true, false, false]];
    assert.deepEqual(stateOf(pools), known);
    assert.deepEqual(stateOf(await open()), known);
    rmSync(layout.activePools);
    assert.deepEqual(stateOf(await open()), [own, ['a', true, true, true], ['b', false, false, true]]);
  },
);

test(
  'one whose folder is gone is told and not started; a list that is damaged is left as it is',
  options,
  async () => {
    rmSync(join(folder, 'sub'), { recursive: true });
    const before = await open();
    await before.setAutostart('b', true);
    rmSync(folder, { recursive: true });
    assert.deepEqual(stateOf(await open()), [own, ['a', false, true, true], ['b', false, true, true]]);
    assert.match(log.join(), /warn: the storage pool 'a' is not started: .*files/);
    writeFileSync(layout.pools, '{');
    assert.deepEqual(stateOf(await open()), [own]);
    assert.match(log.join(), /error: storage pools are not known: .*pools\.json is damaged/);
    for (const path of [layout.pools, layout.activePools]) rmSync(path);
  },
);

test('what a killed daemon had half written is removed, and nothing else', options, async () => {
  const names = ['.new-0123456789abcdef', '.web.ctvirt.tar.zst.new-0123abcd', 'web.ctvirt.tar.zst', '.mine'];
  for (const name of names) writeFileSync(join(layout.backups, name), '');
  const pools = await open();
  assert.deepEqual(readdirSync(layout.backups).sort(), ['.mine', 'web.ctvirt.tar.zst']);
  assert.deepEqual(
    pools.volumes('backups').map(({ name }) => name),
    ['web.ctvirt.tar.zst'],
  );
  assert.equal(log.length, 2);
});

test('no pool lies where a link of a container leads', options, async () => {
  const pools = await open();
  const shared = join(root, 'shared');
  mkdirSync(shared);
  writable = [shared];
  symlinkSync('/etc', join(shared, 'link'));
  await assert.rejects(pools.define({ name: 'c', path: join(shared, 'link') }), { code: 'denied' });
  mkdirSync(join(shared, 'folder'));
  await pools.define({ name: 'c', path: join(shared, 'folder') });
  await pools.start('c');
  // Put in its place while it is active.
  rmSync(join(shared, 'folder'), { recursive: true });
  symlinkSync('/etc', join(shared, 'folder'));
  assert.throws(() => pools.volumes('c'), { code: 'denied' });
});

test(
  'a folder that is reached by a link is not removed, nor is the link, and why is said',
  options,
  async () => {
    const link = join(root, 'linked', 'link');
    mkdirSync(join(root, 'linked', 'to'), { recursive: true });
    symlinkSync('to', link);
    const pools = await open();
    await pools.define({ name: 'l', path: link });
    await assert.rejects(pools.erase('l'), { code: 'invalid', message: /link is a link/ });
    assert.deepEqual(readdirSync(join(root, 'linked')).sort(), ['link', 'to']);
    await assert.rejects(pools.define({ name: 'all', path: '//' }), { code: 'invalid' });
    await assert.rejects(pools.define({ name: 'all', path: '/.' }), {
      code: 'denied',
      message: /neither a container's nor a storage pool's/,
    });
  },
);
