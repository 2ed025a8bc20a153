// Snapshots by libvirt's own clients: virsh, libvirt-python and virt-clone as Debian has them, unmodified.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { clientOptions, done } from '../world/client-program.js';
import { type Outcome, run } from '../world/command.js';
import { domainXml } from '../world/documents.js';
import { World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(() => world.clear());
after(() => world.close());

const uri = (): string => world.uri('ctvirt');
const virsh = (...words: readonly string[]): Promise<Outcome> =>
  run(['virsh', '-c', uri(), ...words], clientOptions);
const asked = async (...words: readonly string[]): Promise<string> =>
  (await done(['virsh', '-c', uri(), ...words])).stdout.trim();

test('virsh takes a running container back, files and document, and tells of each snapshot', async () => {
  await world.run(domainXml({ name: 'web', more: "<memory unit='KiB'>262144</memory>" }));
  await world.shell('web', 'echo first >/root/page');
  await asked('snapshot-create-as', 'web', 'first', 'before it was changed');
  await world.shell('web', 'echo second >/root/page; touch /root/more');
  await asked('setmaxmem', 'web', '300000', '--config');
  await asked('snapshot-create-as', 'web', 'second', '--disk-only', '--quiesce', '--atomic');
  assert.match(await asked('snapshot-list', 'web', '--tree'), /^first\n\s+\|\n\s+\+- second$/);
  assert.match(await asked('snapshot-dumpxml', 'web', 'second'), /<memory unit='KiB'>300000</);
  await asked('snapshot-revert', 'web', 'first');
  assert.equal(await asked('domstate', 'web'), 'running');
  assert.equal(await world.shell('web', 'cat /root/page; ls /root'), 'first\npage');
  assert.match(await asked('dumpxml', 'web', '--inactive'), /<memory unit='KiB'>262144</);
  assert.equal(await asked('snapshot-current', 'web', '--name'), 'first');
  await asked('snapshot-create-as', 'web', 'last', '--halt');
  assert.equal(await asked('domstate', 'web'), 'shut off');
  assert.equal(await asked('snapshot-list', 'web', '--leaves', '--name'), 'last\nsecond');
  await asked('snapshot-delete', 'web', 'first', '--children-only');
  assert.equal(await asked('snapshot-list', 'web', '--name'), 'first');
});

test('virsh forgets a domain with snapshots only where that is said', async () => {
  await world.define(domainXml({ name: 'web' }));
  await asked('snapshot-create-as', 'web', 'first');
  const { status, stderr } = await virsh('undefine', 'web');
  assert.equal(status, 1);
  assert.match(stderr, /cannot delete inactive domain with 1 snapshots/);
  await asked('undefine', 'web', '--snapshots-metadata');
  await world.client.roots.erase({ root: 'web~1' });
});

test('a domain takes its snapshots, its schedule and its history along when it is renamed', async () => {
  const kept = '<uuid>0f7ab6ee-6a3b-4b8c-9a55-30b1b1e1c0de</uuid>';
  await world.define(domainXml({ name: 'web', more: kept }));
  await asked('undefine', 'web');
  await world.run(domainXml({ name: 'web' }));
  await world.ctvirt('set', 'web', '--snapshots', '@daily');
  await world.shell('web', 'echo first >/root/page');
  await asked('snapshot-create-as', 'web', 'first', '--halt');
  await asked('domrename', 'web', 'shop');
  await world.kill();
  await world.start();
  assert.equal(await asked('list', '--all', '--name'), 'shop');
  assert.equal(await asked('snapshot-list', 'shop', '--name'), 'first');
  assert.match(await asked('snapshot-dumpxml', 'shop', 'first'), /<domain type='lxc'>/);
  const volumes = await asked('vol-list', 'roots');
  assert.deepEqual(
    volumes
      .split('\n')
      .slice(2)
      .map((line) => line.trim().split(/\s+/)[0]),
    ['shop.root', 'shop.root@first', 'web~1.root'],
  );
  await asked('start', 'shop');
  await world.shell('shop', 'echo second >/root/page');
  await asked('snapshot-revert', 'shop', 'first', '--running');
  assert.equal(await world.shell('shop', 'cat /root/page; hostname'), 'first\nshop');
  assert.match(await asked('dumpxml', 'shop', '--inactive'), /<name>shop<[\s\S]*snapshots=.@daily/);
  await asked('destroy', 'shop');
  await asked('snapshot-delete', 'shop', 'first');
  // What was kept of another is the other's.
  await world.define(domainXml({ name: 'web', more: kept }));
  assert.deepEqual(await world.client.roots.list(), []);
});

test('libvirt-python asks for all that virt-manager shows', async () => {
  await world.run(domainXml({ name: 'py' }));
  const script = fileURLToPath(new URL('../../src/world/clients-snapshots.py', import.meta.url));
  const { stdout } = await done(['/usr/bin/python3', script, uri(), 'py']);
  const ofSnapshots = 35;
  assert.deepEqual(JSON.parse(stdout), {
    empty: [[], 0, 0],
    listed: [['one', 'two'], ['one', 'two'], 2],
    roots: ['one'],
    children: [1, ['two'], ['two']],
    parent: 'one',
    current: ['two', 1, 0, 1],
    edited: [true, true],
    reverted: ['one', 1],
    paused: 3,
    deleted: [],
    codes: {
      absent: [72, ofSnapshots],
      'no current': [72, ofSnapshots],
      taken: [9, 20],
      'no parent': [72, ofSnapshots],
      'metadata only': [74, ofSnapshots],
      'unknown flag': [8, 20],
      'read only': [29, ofSnapshots],
    },
  });
});

test('virt-clone is refused, as its clone would have none of the files', async () => {
  await world.define(domainXml({ name: 'web' }));
  const { status, stdout, stderr } = await run(
    ['virt-clone', '--connect', uri(), '--original', 'web', '--name', 'copy', '--auto-clone'],
    clientOptions,
  );
  assert.notEqual(status, 0, stdout);
  assert.match(stderr, /'copy' would be a copy of 'web' without its files: `ctvirt clone web copy`/);
  assert.deepEqual(
    (await world.client.domains.list()).map(({ name }) => name),
    ['web'],
  );
});
