// Containers of other systems adopted where they lie: untouched by it, running on their own files, and left behind whole.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { chmod, chown, mkdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { output } from '../world/command.js';
import { listing } from '../world/listing.js';
import { busybox, refused, World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(async () => {
  for (const { name, state } of await world.client.domains.list()) {
    if (state !== 'shutoff') await world.client.domains.destroy({ domain: name });
    await world.client.domains.undefine({ domain: name });
  }
  await world.assertClean();
  for (const path of ['vz', 'lxc', 'vservers'])
    await rm(`${world.host}/${path}`, { recursive: true, force: true });
});
after(() => world.close());

/** A system of files as a container leaves it: owners of its own, odd modes, old times, a device node. */
async function makeTree(folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  await output(['cp', '-a', `${world.root}/lib/templates/${busybox}/rootfs`, folder]);
  await mkdir(`${folder}/home/web`, { recursive: true });
  await write(`${folder}/home/web/page`, 'of the user\n');
  for (const path of ['home/web', 'home/web/page']) await chown(`${folder}/${path}`, 500, 500);
  await chmod(`${folder}/home/web/page`, 0o640);
  await utimes(`${folder}/home/web/page`, 1_200_000_000, 1_200_000_000);
  await output(['mknod', `${folder}/home/zero`, 'c', '1', '5']);
  await chmod(folder, 0o700);
}

async function write(path: string, text: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return path;
}

/** An init of its own, beside busybox's. */
const makeInit = (folder: string) =>
  write(`${folder}/sbin/adopted`, '#!/bin/sh\nexec sleep infinity\n').then((path) => chmod(path, 0o755));

/** Container 105 of an OpenVZ host: its configuration and its private area. */
async function makeOpenvz(more = '') {
  const files = `${world.host}/vz/private/105`;
  await makeTree(files);
  await write(`${world.host}/vz/vz.conf`, `VE_PRIVATE="${world.host}/vz/private/$VEID"\nDISK_QUOTA=yes\n`);
  const config = await write(
    `${world.host}/vz/conf/105.conf`,
    `#UUID: 8509a1d4-1569-4467-8b37-4e433a1ac7b1
# the shop
ONBOOT="yes"
BOOTORDER="10"
PHYSPAGES="0:16384"
SWAPPAGES="0:16384"
NUMPROC="64"
DISKSPACE="1G:2G"
CPUUNITS="1000"
HOSTNAME="shop.example.com"
IP_ADDRESS="192.0.2.105 192.0.2.106 2001:db8::105 2001:db8::106"
NAMESERVER="192.0.2.53"
OSTEMPLATE="debian-11.0-x86_64"
DATED="last week"
${more}`,
  );
  return { config, files, before: listing(`${world.host}/vz`) };
}

const adopt = (...words: readonly string[]) => world.cli(['adopt', ...words]);

test('an OpenVZ container: defined on its own files, none of them touched, and each key told', async () => {
  const { config, files, before: untouched } = await makeOpenvz();
  const { status, stdout, stderr } = await adopt('openvz', '105', '--config', config);
  assert.equal(status, 0, stderr);
  assert.deepEqual(listing(`${world.host}/vz`), untouched);
  assert.match(
    stdout,
    /^Domain '105' adopted: \d+ carried, 1 ignored, 1 warning; it starts with this host$/m,
  );
  const told = stderr.split('\n').map((line) => line.trim().split(/ {3,}/));
  const rowOf = (key: string) => told.find(([first]) => first === key)?.slice(1, 3);
  assert.deepEqual(rowOf('HOSTNAME'), [`${config}:10`, 'carried']);
  assert.deepEqual(rowOf('DATED'), [`${config}:14`, 'ignored']);
  assert.deepEqual(rowOf('VE_PRIVATE'), [`${world.host}/vz/vz.conf:1`, 'carried']);

  const summary = await world.client.domains.summary({ domain: '105' });
  assert.deepEqual(
    [summary.type, summary.ctid, summary.uuid, summary.autostart, summary.hostname, summary.addresses],
    [
      'openvz',
      105,
      '8509a1d4-1569-4467-8b37-4e433a1ac7b1',
      true,
      'shop.example.com',
      ['192.0.2.105', '192.0.2.106', '2001:db8::105', '2001:db8::106'],
    ],
  );
  assert.equal(summary.order, 999_990, 'the order the other way round');
  assert.ok((await world.client.domains.xml({ domain: '105' })).includes(`<source dir='${files}'/>`));
});

test('an adopted container starts in a user namespace, its files owned as they always were', async () => {
  const { config, files } = await makeOpenvz();
  await adopt('openvz', '105', '--config', config);
  await world.client.domains.start({ domain: '105' });
  assert.equal(
    await world.shell(
      '105',
      'id -u; hostname; stat -c %u:%g:%a /home/web/page /bin/busybox; cat /home/web/page',
    ),
    '0\nshop.example.com\n500:500:640\n0:0:755\nof the user',
  );
  const addresses = await world.shell('105', 'ip -o address');
  for (const address of ['192.0.2.105', '192.0.2.106', '2001:db8::105', '2001:db8::106'])
    assert.ok(addresses.includes(` ${address}/`), address);
  for (const family of ['-4', '-6'])
    assert.match(await world.shell('105', `ip ${family} route`), /^(default .*)$(?![\s\S]*^default)/m);
  assert.match(await world.shell('105', 'cat /proc/self/uid_map'), /^\s*0\s+\d{6,}\s+65536$/);
  assert.notEqual((await world.exec('105', 'cat', '/home/zero')).status, 0, 'device nodes are dead');
  await world.shell('105', 'echo new > /home/new; chown 33:33 /home/new');
  const { uid, gid } = await stat(`${files}/home/new`);
  assert.deepEqual([uid, gid], [33, 33], 'as the container sees it');
  await world.client.domains.destroy({ domain: '105' });
  await world.stop();
  await world.start();
  await world.client.domains.start({ domain: '105' });
  assert.equal(await world.shell('105', 'cat /home/new; stat -c %u /home/new'), 'new\n33');
});

test('its files are not erased, and can be adopted again', async () => {
  const { config } = await makeOpenvz();
  await adopt('openvz', '105', '--config', config);
  await world.client.domains.start({ domain: '105' });
  await refused('denied', world.client.domains.undefine({ domain: '105', storage: true }));
  await world.client.domains.destroy({ domain: '105' });
  const used = listing(`${world.host}/vz`);
  await refused('denied', world.client.domains.undefine({ domain: '105', storage: true }));
  await world.client.domains.undefine({ domain: '105' });
  assert.deepEqual(listing(`${world.host}/vz`), used);
  assert.equal((await adopt('openvz', '105', '--config', config)).status, 0);
  assert.deepEqual(listing(`${world.host}/vz`), used);
});

test('no container is adopted twice, under whatever name', async () => {
  const { config, files } = await makeOpenvz();
  assert.equal((await adopt('openvz', '105', '--config', config)).status, 0);
  const twice = await adopt('openvz', '105', '--config', config);
  assert.equal(twice.status, 4);
  assert.match(twice.stderr, /'105' is already defined/);
  const link = `${world.host}/vz/linked`;
  await symlink(files, link);
  const other = await write(`${world.host}/vz/conf/106.conf`, 'HOSTNAME="other"\n');
  const error = await refused(
    'exists',
    world.client.domains.adopt({ body: { format: 'openvz', name: '106', config: other, private: link } }),
  );
  assert.match(error.message, /in use by domain '105'/);
  const { domain } = await world.define(
    (await world.client.domains.xml({ domain: '105' })).replace('shop.example.com', 'web.example.com'),
  );
  assert.equal(domain.hostname, 'web.example.com');
  await refused('denied', world.client.domains.undefine({ domain: '105', storage: true }));
});

test('a named OpenVZ container keeps its number', async () => {
  const { config } = await makeOpenvz('NAME="web shop"\n');
  assert.equal((await adopt('openvz', '105', '--config', config)).status, 0);
  const { ctid, name } = await world.client.domains.summary({ domain: 'web shop' });
  assert.deepEqual([ctid, name], [105, 'web shop']);
});

test('what cannot be had as it lies is refused by name, and leaves nothing', async () => {
  const { config, files, before: untouched } = await makeOpenvz();
  const body = { format: 'openvz', name: '105', config } as const;
  const empty = `${world.host}/empty`;
  const ploop = `${world.host}/ploop`;
  const memory = `${world.host}/memory`;
  await mkdir(empty);
  await write(`${ploop}/root.hdd/DiskDescriptor.xml`, '<Parallels_disk_image/>');
  await mkdir(memory);
  await world.enclosure.output('mount', '-t', 'ramfs', 'ramfs', memory);
  try {
    await world.enclosure.output('cp', '-a', `${files}/.`, memory);
    for (const [code, path, pattern] of [
      ['not-found', `${world.host}/none`, /is their disk mounted/],
      ['invalid', empty, /is empty: is its disk mounted/],
      ['invalid', config, /is not a directory/],
      ['unsupported', ploop, /ploop/],
      ['unsupported', memory, /the ramfs file system of .* cannot be id-mapped/],
      ['denied', '/', /host's own root/],
      ['denied', `${world.root}/lib/templates`, /belongs to ctvirt/],
    ] as const) {
      const error = await refused(code, world.client.domains.adopt({ body: { ...body, private: path } }));
      assert.match(error.message, pattern);
    }
  } finally {
    await world.enclosure.output('umount', memory);
    for (const path of [empty, ploop, memory]) await rm(path, { recursive: true });
  }
  for (const [code, wrong] of [
    ['not-found', { name: '106', config: `${config}.none` }],
    ['invalid', { config: '/dev/zero' }],
    ['invalid', { config: '/etc/hostname' }],
    ['invalid', { name: '../105' }],
    ['invalid', { config: 'relative' }],
    ['invalid', { private: 'relative' }],
  ] as const)
    await refused(code, world.client.domains.adopt({ body: { ...body, ...wrong } }));
  await refused('not-found', world.client.domains.adopt({ body: { format: 'openvz', name: 'nameless' } }));
  assert.deepEqual(await world.client.domains.list(), []);
  const { owned } = await world.client.check.list();
  assert.ok(!owned.some(({ kind }) => kind === 'id-range'));
  assert.deepEqual(listing(`${world.host}/vz`), untouched);
});

test('many in one call: each that is refused costs only itself', async () => {
  const { status, stdout, stderr } = await adopt('openvz', '4000000001', '4000000002');
  assert.deepEqual([status, stdout], [3, '']);
  assert.match(
    stderr,
    /there is no .*4000000001\.conf.*\n.*there is no .*4000000002\.conf.*\n0 adopted, 2 not/,
  );
});

test('an LXC container, with what its configuration includes', async () => {
  const files = `${world.host}/lxc/web/rootfs`;
  await makeTree(files);
  await makeInit(files);
  const more = await write(`${world.host}/lxc/more.conf`, 'lxc.init.cmd = /sbin/adopted\n');
  const config = await write(
    `${world.host}/lxc/web/config`,
    `lxc.include = ${more}\nlxc.uts.name = web\nlxc.rootfs.path = dir:${files}\nlxc.net.0.type = empty\nlxc.hook.start = /bin/false\nlxc.start.order = 3\nlxc.start.delay = 5\n`,
  );
  const untouched = listing(`${world.host}/lxc`);
  const { status, stderr } = await adopt('lxc', 'web', '--config', config);
  assert.equal(status, 0, stderr);
  assert.deepEqual(listing(`${world.host}/lxc`), untouched);
  const { autostart, order, delaySeconds } = await world.client.domains.summary({ domain: 'web' });
  assert.deepEqual([autostart, order, delaySeconds], [false, 3, 5]);
  await world.client.domains.start({ domain: 'web' });
  assert.equal(await world.shell('web', 'hostname; stat -c %u /home/web'), 'web\n500');
});

test('an LXC container that runs there is refused until it is stopped', async () => {
  const files = `${world.host}/lxc/busy/rootfs`;
  await makeTree(files);
  await makeInit(files);
  const config = await write(
    `${world.host}/lxc/busy/config`,
    `lxc.uts.name = busy\nlxc.rootfs.path = dir:${files}\nlxc.init.cmd = /sbin/adopted\nlxc.net.0.type = empty\nlxc.mount.auto = proc\n`,
  );
  const lxc = (program: string, ...more: readonly string[]) =>
    world.enclosure.output(program, '--name=busy', `--lxcpath=${world.host}/lxc`, ...more);
  const body = { format: 'lxc', name: 'busy', config } as const;
  await lxc('lxc-start');
  try {
    await refused('in-use', world.client.domains.adopt({ body }));
  } finally {
    await lxc('lxc-stop', '--kill');
  }
  assert.equal((await world.client.domains.adopt({ body })).name, 'busy');
});

test('an LXC container of a user: its files carry its ids already', async () => {
  const files = `${world.host}/lxc/user/rootfs`;
  await makeTree(files);
  await makeInit(files);
  await output(['chown', '-hR', '300000:300000', files]);
  const config = await write(
    `${world.host}/lxc/user/config`,
    `lxc.uts.name = user\nlxc.rootfs.path = ${files}\nlxc.idmap = u 0 300000 65536\nlxc.idmap = g 0 300000 65536\nlxc.init.cmd = /sbin/adopted\nlxc.net.0.type = empty\n`,
  );
  assert.equal((await adopt('lxc', 'user', '--config', config)).status, 0);
  await world.client.domains.start({ domain: 'user' });
  assert.equal(await world.shell('user', 'id -u; stat -c %u /bin/busybox'), '0\n0');
});

test('a guest of Linux-VServer', async () => {
  const files = `${world.host}/vservers/web`;
  await makeTree(files);
  const config = `${world.host}/vservers/etc/guest`;
  await write(`${config}/name`, 'guest\n');
  await write(`${config}/context`, '42\n');
  await write(`${config}/uts/nodename`, 'guest.example.com\n');
  await mkdir(`${world.host}/vservers/etc/.defaults`);
  await symlink(dirname(files), `${world.host}/vservers/etc/.defaults/vdirbase`);
  await symlink('/etc/vservers/.defaults/vdirbase/web', `${config}/vdir`);
  const untouched = listing(`${world.host}/vservers`);
  const { status, stderr } = await adopt('vserver', 'guest', '--config', `${config}/`);
  assert.equal(status, 0, stderr);
  assert.deepEqual(listing(`${world.host}/vservers`), untouched);
  await world.client.domains.start({ domain: 'guest' });
  assert.equal(await world.shell('guest', 'hostname; stat -c %u /home/web'), 'guest.example.com\n500');
});
