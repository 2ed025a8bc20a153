// Folders of the host and device files come into running containers and go again, as their start would have given them.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { chownSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { after, afterEach, before, test } from 'node:test';
import { run } from '../world/command.js';
import { domainXml } from '../world/documents.js';
import { World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(() => world.clear());
after(() => world.close());

const folderOf = (name: string): string => {
  const path = `${world.host}/${name}`;
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { mode: 0o755 });
  return path;
};
const filesystem = (source: string, target: string, more = '', options = ''): string =>
  `<filesystem type='mount'><source dir='${source}'${options === '' ? '' : ` options='${options}'`}/><target dir='${target}'/>${more}</filesystem>`;

async function virsh(verb: string, domain: string, xml: string, ...flags: string[]) {
  const file = `${world.host}/device.xml`;
  writeFileSync(file, xml);
  return await run(['virsh', '-c', world.uri('ctvirt'), verb, domain, file, ...flags]);
}
async function done(verb: string, domain: string, xml: string, ...flags: string[]): Promise<void> {
  const { status, stderr } = await virsh(verb, domain, xml, ...flags);
  assert.equal(status, 0, stderr);
}
const status = async (domain: string, line: string): Promise<number> =>
  (await world.exec(domain, '/bin/sh', '-c', line)).status;

test('a folder comes and goes: ids as inside, in the document, on the host nothing', async () => {
  const folder = folderOf('shared');
  writeFileSync(`${folder}/theirs`, 'hello\n');
  chownSync(`${folder}/theirs`, 1000, 1000);
  await world.run(domainXml({ name: 'web' }));
  const xml = filesystem(folder, '/srv/new/place');
  await done('attach-device', 'web', xml, '--live');
  assert.equal(
    await world.shell('web', 'cat /srv/new/place/theirs; stat -c %u /srv/new/place/theirs'),
    'hello\n1000',
  );
  await world.shell('web', 'echo made >/srv/new/place/made; chown 5:6 /srv/new/place/made');
  const { uid, gid } = statSync(`${folder}/made`);
  assert.deepEqual([uid, gid], [5, 6]);
  assert.match(
    await world.client.domains.xml({ domain: 'web' }),
    /<target dir="\/srv\/new\/place"\/>|<target dir='\/srv\/new\/place'\/>/,
  );
  assert.doesNotMatch(await world.client.domains.xml({ domain: 'web', inactive: true }), /place/);
  assert.ok(!readFileSync('/proc/self/mountinfo', 'utf8').includes('/srv/new/place'));
  await done('detach-device', 'web', xml, '--live');
  assert.equal(await world.shell('web', 'ls /srv/new/place | wc -l'), '0');
  assert.equal(await world.shell('web', 'grep -c place /proc/self/mounts || :'), '0');
  assert.doesNotMatch(await world.client.domains.xml({ domain: 'web' }), /place/);
});

test('with --config it is there after the next start, too', async () => {
  const folder = folderOf('kept');
  writeFileSync(`${folder}/file`, 'kept');
  await world.run(domainXml({ name: 'web' }));
  await done('attach-device', 'web', filesystem(folder, '/kept'), '--live', '--config');
  assert.equal(await world.shell('web', 'cat /kept/file'), 'kept');
  await world.client.domains.destroy({ domain: 'web' });
  await world.client.domains.start({ domain: 'web' });
  assert.equal(await world.shell('web', 'cat /kept/file'), 'kept');
  await done('detach-device', 'web', filesystem(folder, '/kept'), '--live', '--config');
  assert.notEqual(await status('web', 'cat /kept/file'), 0);
});

test("what the document forbids the container's root cannot take away", async () => {
  const folder = folderOf('locked');
  writeFileSync(`${folder}/file`, 'as it was');
  await world.run(domainXml({ name: 'web' }));
  await done('attach-device', 'web', filesystem(folder, '/ro', '<readonly/>', 'nosuid'), '--live');
  for (const line of [
    'echo changed >/ro/file',
    'mount -o remount,rw,bind /ro',
    'mount -o remount,rw /ro',
    'mount -o remount,ro,suid,dev,bind /ro',
    'mkdir -p /other; mount --bind /ro /other && mount -o remount,rw,bind /other && echo changed >/other/file',
  ])
    assert.notEqual(await status('web', line), 0, line);
  assert.equal(readFileSync(`${folder}/file`, 'utf8'), 'as it was');
});

test('one that is in use inside stays, and a link in the place of the target is refused', async () => {
  const folder = folderOf('used');
  await world.run(domainXml({ name: 'web' }));
  const xml = filesystem(folder, '/used');
  await done('attach-device', 'web', xml, '--live');
  const session = await world.client.domains.exec({
    domain: 'web',
    open: { argv: ['/bin/sh', '-c', 'cd /used; echo in; sleep 60'] },
  });
  await new Promise((resolve) => session.stdout.once('data', resolve));
  const refusal = await virsh('detach-device', 'web', xml, '--live');
  assert.match(refusal.stderr, /programs in the container use \/used: end them first/);
  assert.match(await world.client.domains.xml({ domain: 'web' }), /\/used/);
  session.kill();
  await session.exited;
  await world.shell('web', 'mount -t tmpfs over /used');
  const hidden = await virsh('detach-device', 'web', xml, '--live');
  assert.match(hidden.stderr, /something else is mounted over \/used in the container/);
  assert.match(await world.client.domains.xml({ domain: 'web' }), /\/used/);
  await world.shell('web', 'umount /used; mkdir /mine; mount --bind /used /mine');
  await done('detach-device', 'web', xml, '--live');
  await world.logged(/\/used is taken away, but its programs have mounted the same at \/mine/);
  await world.shell('web', 'umount /mine');
  await world.shell('web', 'mkdir /elsewhere; ln -s /elsewhere /link; ln -s /nowhere /dangling; touch /file');
  for (const target of ['/link', '/dangling', '/dangling/below', '/file', '/file/below']) {
    const { stderr } = await virsh('attach-device', 'web', filesystem(folder, target), '--live');
    assert.match(stderr, new RegExp(`invalid argument: nothing can be mounted at ${target} `));
  }
  assert.doesNotMatch(await world.client.domains.xml({ domain: 'web' }), /\/link|\/dangling|\/file'/);
});

test('what the host forbids is refused live as at a start, and templates stay for the start', async () => {
  await world.run(domainXml({ name: 'web' }));
  const own = await virsh('attach-device', 'web', filesystem(`${world.root}/lib`, '/lib2'), '--live');
  assert.match(own.stderr, /belongs to ctvirt itself/);
  const kernel = await virsh('attach-device', 'web', filesystem('/proc', '/mnt'), '--live');
  assert.match(kernel.stderr, /is the kernel's own/);
  const memory = await virsh(
    'attach-device',
    'web',
    "<filesystem type='ram'><source usage='1024' units='KiB'/><target dir='/ram'/></filesystem>",
    '--live',
  );
  assert.match(
    memory.stderr,
    /of a running container only interfaces, folders of the host, device files and disk limits can change/,
  );
  assert.equal(await status('web', 'ls /lib2 /ram 2>/dev/null'), 1);
});

test('a killed daemon: what it had mounted stays and goes with the next one, what it had begun is taken back', async () => {
  const folder = folderOf('killed');
  await world.run(domainXml({ name: 'web' }));
  const xml = filesystem(folder, '/killed');
  await done('attach-device', 'web', xml, '--live');
  await world.kill();
  await world.start();
  assert.match(await world.client.domains.xml({ domain: 'web' }), /\/killed/);
  await done('detach-device', 'web', xml, '--live');
  for (let round = 0; round < 12; round++) {
    const attaching = virsh('attach-device', 'web', xml, '--live');
    await new Promise((resolve) => setTimeout(resolve, 20 + 12 * round));
    await world.kill();
    await attaching;
    await world.start();
    const isTold = /\/killed/.test(await world.client.domains.xml({ domain: 'web' }));
    const isThere = (await world.shell('web', "grep -c ' /killed ' /proc/self/mounts || :")) === '1';
    assert.equal(isThere, isTold, `round ${round}: mounted ${isThere}, told ${isTold}`);
    if (isTold) await done('detach-device', 'web', xml, '--live');
  }
});

test('a device file comes and goes', async () => {
  await world.run(domainXml({ name: 'web' }));
  for (const path of ['/dev/fuse', '/dev/net/tun']) {
    const device = `<hostdev mode='capabilities' type='misc'><source><char>${path}</char></source></hostdev>`;
    assert.notEqual(await status('web', `test -c ${path}`), 0);
    await done('attach-device', 'web', device, '--live');
    assert.equal(await world.shell('web', `test -c ${path} && exec 3<>${path} && stat -c %u ${path}`), '0');
    await world.shell('web', `mount --bind /dev/null ${path}`);
    const hidden = await virsh('detach-device', 'web', device, '--live');
    assert.match(hidden.stderr, /something else is mounted over /);
    await world.shell('web', `umount ${path}`);
    await done('detach-device', 'web', device, '--live');
    assert.notEqual(await status('web', `test -e ${path}`), 0);
  }
});
