// Storage pools and volumes by libvirt's own clients: virsh and libvirt-python as Debian has them, unmodified.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { after, afterEach, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { clientOptions, done } from '../world/client-program.js';
import { run } from '../world/command.js';
import { domainXml } from '../world/documents.js';
import { SmallDisk } from '../world/small-disk.js';
import { waitFor } from '../world/wait.js';
import { busybox, World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(() => world.clear());
after(() => world.close());

const argv = (words: readonly string[]) => ['virsh', '-c', world.uri('ctvirt'), ...words] as const;
const asked = async (...words: readonly string[]): Promise<string> => (await done(argv(words))).stdout.trim();
async function refused(...words: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await run(argv(words), clientOptions);
  assert.equal(status, 1, `${words.join(' ')}\n${stdout}`);
  return stderr;
}

const backups = (): string => `${world.root}/lib/backups`;

test('a folder that virsh defines as a pool is one after the daemon was killed, and after a boot', async () => {
  const path = `${world.host}/isos`;
  await asked('pool-define-as', 'isos', 'dir', '--target', path);
  assert.match(await refused('pool-start', 'isos'), /isos/);
  for (const verb of ['build', 'start', 'autostart']) await asked(`pool-${verb}`, 'isos');
  await asked('vol-create-as', 'isos', 'disk.img', '4M');
  await asked('pool-define-as', 'other', 'dir', '--target', world.host);
  await asked('pool-start', 'other');
  await world.kill();
  await world.start();
  assert.match(await asked('pool-list', '--all'), /isos +active +yes\n other +active +no/);
  assert.match(await asked('vol-list', 'isos', '--details'), /disk\.img +\S+ +file +4\.00 MiB +0\.00 B/);
  await world.stop();
  // As a boot leaves it.
  rmSync(`${world.root}/run/pools.json`);
  await world.start();
  assert.match(await asked('pool-list', '--all'), /isos +active +yes\n other +inactive +no/);
  assert.match(await asked('pool-info', 'isos'), /Persistent: +yes\nAutostart: +yes\nCapacity/);
  await asked('vol-delete', 'disk.img', '--pool', 'isos');
  await asked('pool-destroy', 'isos');
  await asked('pool-delete', 'isos');
  assert.equal(existsSync(path), false);
  for (const name of ['isos', 'other']) await asked('pool-undefine', name);
  assert.deepEqual((await asked('pool-list', '--all', '--name')).split(/\s+/), [
    'backups',
    'default',
    'roots',
  ]);
});

test('virsh downloads a domain, uploads it, and ctvirt makes it of that again', async () => {
  await world.run(domainXml({ name: 'web' }));
  await world.shell('web', 'echo first >/root/page');
  await asked('snapshot-create-as', 'web', 'first');
  await world.shell('web', 'echo second >/root/page');
  const [now, then] = [`${world.host}/now`, `${world.host}/then`];
  await asked('vol-download', 'web.root', now, '--pool', 'roots');
  await asked('vol-download', 'web.root@first', then, '--pool', 'roots');
  await world.ctvirt('destroy', 'web');
  await asked('vol-delete', 'web.root@first', '--pool', 'roots');
  assert.equal(await asked('snapshot-list', 'web', '--name'), '');
  assert.match(await refused('vol-delete', 'web.root', '--pool', 'roots'), /`ctvirt undefine web --storage`/);
  assert.match(
    await refused('vol-clone', 'web.root', 'copy.root', '--pool', 'roots'),
    /`ctvirt clone web NAME`/,
  );
  await asked('undefine', 'web', '--remove-all-storage');
  assert.match(
    await refused('vol-download', 'web~1.root', `${now}-kept`, '--pool', 'roots'),
    /`ctvirt root adopt web~1/,
  );
  await world.client.roots.erase({ root: 'web~1' });

  for (const [file, page] of [
    [now, 'second'],
    [then, 'first'],
  ] as const) {
    await asked('vol-create-as', 'backups', 'web.ctvirt.tar.zst', String(statSync(file).size));
    await asked('vol-upload', 'web.ctvirt.tar.zst', file, '--pool', 'backups');
    assert.deepEqual(readFileSync(`${backups()}/web.ctvirt.tar.zst`), readFileSync(file));
    await world.ctvirt('import', await asked('vol-path', 'web.ctvirt.tar.zst', '--pool', 'backups'));
    await world.ctvirt('start', 'web', '--wait');
    assert.equal(await world.shell('web', 'cat /root/page'), page);
    await world.clear();
    await asked('vol-delete', 'web.ctvirt.tar.zst', '--pool', 'backups');
    rmSync(file);
  }
});

test('virsh archives a domain on the host itself, and copies a template', async () => {
  await world.define(domainXml({ name: 'web' }));
  const document = `${world.host}/volume.xml`;
  writeFileSync(document, '<volume><name>web.ctvirt.tar.zst</name></volume>');
  await asked('vol-create-from', 'backups', document, 'web.root', '--inputpool', 'roots');
  await world.ctvirt('import', `${backups()}/web.ctvirt.tar.zst`, '--name', 'twin', '--new-ids');
  await asked('vol-download', 'web.ctvirt.tar.zst', document, '--pool', 'backups');
  assert.deepEqual(readFileSync(document), readFileSync(`${backups()}/web.ctvirt.tar.zst`));
  await asked('vol-delete', 'web.ctvirt.tar.zst', '--pool', 'backups');

  await asked('vol-clone', busybox, 'mine', '--pool', 'default');
  await world.run(domainXml({ name: 'on-mine' }).replace(`name='${busybox}'`, "name='mine'"));
  assert.equal(await world.shell('on-mine', 'echo runs'), 'runs');
  assert.match(await refused('vol-delete', 'mine', '--pool', 'default'), /in use by .*on-mine/);
  await world.clear();
  await asked('vol-delete', 'mine', '--pool', 'default');
});

test('an upload that is cut, or finds no room, never looks like an archive', async () => {
  const file = `${world.host}/upload`;
  writeFileSync(file, randomBytes(6 << 20));
  await world.stop();
  await SmallDisk.mount(world.enclosure, backups(), 8);
  await world.start();
  try {
    await asked('vol-create-as', 'backups', 'cut', '0');
    const names = (): string[] =>
      readdirSync(world.enclosure.path(backups())).filter((one) => one !== 'lost+found');
    const bytes = (): number => statSync(world.enclosure.path(`${backups()}/cut`)).size;
    await asked('vol-upload', 'cut', file, '--pool', 'backups');
    assert.equal(bytes(), 6 << 20);
    // Whoever had a whole one keeps it.
    assert.match(
      await refused('vol-upload', 'cut', file, '--pool', 'backups'),
      /may have \d+ bytes and no more/,
    );
    assert.match(
      await refused('vol-upload', 'cut', '/dev/zero', '--pool', 'backups', '--length', String(1 << 30)),
      /and no more/,
    );
    assert.deepEqual([bytes(), names()], [6 << 20, ['cut']]);
    await asked('vol-delete', 'cut', '--pool', 'backups');
    await asked('vol-create-as', 'backups', 'cut', '0');
    // virsh stops in the middle, as one whose machine went away.
    const hung = await run(
      ['timeout', '-s', 'KILL', '1', ...argv(['vol-upload', 'cut', '/dev/zero', '--pool', 'backups'])],
      clientOptions,
    );
    assert.notEqual(hung.status, 0);
    const upload = argv(['vol-upload', 'cut', '/dev/stdin', '--pool', 'backups']).join(' ');
    spawn('/bin/sh', ['-c', `(cat ${file}; exec sleep 5) | exec ${upload}`], { stdio: 'ignore' });
    await waitFor('the upload to be under way', () => names().length === 2);
    await world.kill();
    await world.start();
    assert.deepEqual([bytes(), names()], [0, ['cut']]);
    truncateSync(file, 1 << 20);
    await asked('vol-upload', 'cut', file, '--pool', 'backups', '--length', String(1 << 20));
    assert.deepEqual([bytes(), names()], [1 << 20, ['cut']]);
    const { status, stderr } = await world.cli(['import', `${backups()}/cut`]);
    assert.notEqual(status, 0);
    assert.match(stderr, /archive/);
    await asked('vol-delete', 'cut', '--pool', 'backups');
  } finally {
    await world.stop();
    await world.enclosure.output('umount', backups());
    await world.start();
    rmSync(file);
  }
});

test('libvirt-python asks for all that virt-manager shows of storage', async () => {
  await world.define(domainXml({ name: 'py' }));
  const script = fileURLToPath(new URL('../../src/world/clients-storage.py', import.meta.url));
  const path = `${world.host}/python`;
  const { stdout } = await done(['/usr/bin/python3', script, world.uri('ctvirt'), path, 'py']);
  const ofStorage = 18;
  assert.deepEqual(JSON.parse(stdout), {
    before: ['backups', 'default', 'roots'],
    made: [0, 0, 1, 1, 1],
    counted: [4, 0],
    volumes: [['disk.img'], ['disk.img'], 1],
    info: [0, 4 << 20],
    found: ['disk.img', 'disk.img', 'files'],
    bytes: 'some bytes',
    copied: ['copy.img', 'disk.img'],
    layer: true,
    events: [
      ['files', 'defined'],
      ['files', 'created'],
      ['files', 'started'],
      ['files', 'stopped'],
      ['files', 'deleted'],
      ['files', 'undefined'],
    ],
    codes: {
      'no pool': [49, ofStorage],
      'no volume': [50, ofStorage],
      'taken volume': [90, ofStorage],
      'taken pool': [9, ofStorage],
      'still active': [55, ofStorage],
      'not active': [55, ofStorage],
      'sparse stream': [8, 20],
      'read only': [29, ofStorage],
    },
  });
  assert.equal(existsSync(path), false);
});

test('virt-manager and virt-install make pools and volumes by their own code', async () => {
  const script = fileURLToPath(new URL('../../src/world/clients-virtinst.py', import.meta.url));
  const path = `${world.host}/virtinst`;
  await mkdir(`${world.host}/elsewhere`);
  const { stdout } = await done(['/usr/bin/python3', script, world.uri('lxc'), path]);
  assert.deepEqual(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''), {
    default: 'default',
    pool: ['files', 1, 1],
    volume: ['disk.img', 3 << 20],
    copy: true,
    found: ['copy.img', 'files'],
    new: [null, 'elsewhere', 1],
  });
});
