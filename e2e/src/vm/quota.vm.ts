// Two levels of disk limits on file systems that keep quotas of users, and what needs a host with all its capabilities.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { after, before, suite, test } from 'node:test';
import { output } from '../world/command.js';
import { domainXml } from '../world/documents.js';
import { busybox, type World } from '../world/world.js';
import { sharedWorld } from './shared-world.js';

const MiB = 2 ** 20;
const root = (limits: string) =>
  `<filesystem type='template'><source name='${busybox}'/><target dir='/'/>${limits}</filesystem>`;

/** Runs a line as a user of the container. */
async function as(world: World, domain: string, uid: number, line: string) {
  await world.shell(
    domain,
    `grep -q ^u${uid}: /etc/passwd || echo u${uid}:x:${uid}:${uid}::/:/bin/sh >>/etc/passwd`,
  );
  return await world.exec(domain, '/bin/su', `u${uid}`, '-c', line);
}

/** Writes as a user inside, and tells how much there was room for, and the complaint. */
async function write(world: World, domain: string, uid: number, mebibytes: number, file = `/tmp/${uid}`) {
  const line = `dd if=/dev/zero of=${file} bs=64k count=${mebibytes * 16} conv=fsync`;
  const { stderr } =
    uid === 0 ? await world.exec(domain, '/bin/sh', '-c', line) : await as(world, domain, uid, line);
  // Where nothing is left XFS refuses the name already.
  const size = await world.shell(domain, `stat -c %s ${file} 2>/dev/null || echo 0`);
  return { mib: Number(size) / MiB, stderr };
}

/** The numbers that have a limit in the kernel, whether or not they own anything. */
async function limitedOn(where: string, kind: 'users' | 'projects'): Promise<number[]> {
  const rows = await output([
    '/usr/sbin/repquota',
    kind === 'users' ? '-u' : '-P',
    '-n',
    '-v',
    '-O',
    'csv',
    where,
  ]);
  return rows.split('\n').flatMap((row) => {
    const [name = '', , , , ...bounds] = row.split(',');
    const id = Number(/^#(\d+)$/.exec(name)?.[1] ?? Number.NaN);
    // Soft and hard of blocks, then, after grace and use, of files.
    const isLimited = [0, 1, 4, 5].some((at) => Number(bounds[at]) > 0);
    return Number.isNaN(id) || !isLimited ? [] : [id];
  });
}

for (const [where, groups] of [
  ['/srv/ext4', true],
  ['/srv/xfs', false],
] as const)
  suite(`users of a container limited on ${where}`, () => {
    let world: World;
    before(async () => {
      world = await sharedWorld(where);
    });
    after(() => world.clear());
    const owner = async (domain: string, id: number, kind = 'user') =>
      (await world.client.quota.show({ domain })).filesystems[0]?.owners.find(
        (one) => one.id === id && one.kind === kind,
      );

    test('from the document: one user is refused, another and the same number elsewhere are not', async () => {
      const limit =
        "<quota type='size' uid='1000' max='6' unit='MiB'/><quota type='inodes' uid='1000' max='20'/>";
      await world.run(domainXml({ name: 'one', filesystems: [root(limit)] }));
      await world.run(domainXml({ name: 'two' }));
      for (const domain of ['one', 'two']) await world.shell(domain, 'chmod 1777 /tmp');
      const over = await write(world, 'one', 1000, 9);
      assert.match(over.stderr, /quota exceeded/i);
      assert.ok(over.mib > 5 && over.mib <= 6, `${over.mib} MiB`);
      assert.equal((await write(world, 'one', 1001, 9)).mib, 9);
      assert.equal((await write(world, 'two', 1000, 9)).mib, 9);
      const told = await owner('one', 1000);
      assert.equal(told?.space.hard, 6 * MiB);
      assert.ok((told?.space.used ?? 0) > 5 * MiB && (told?.space.used ?? 0) <= 6 * MiB);
      assert.equal((await owner('two', 1000))?.space.hard, null);
      const files = await as(world, 'one', 1000, 'for i in $(seq 40); do : > /tmp/f$i || exit 1; done');
      assert.notEqual(files.status, 0, 'more than twenty files');
    });

    test('set live, stored, and lifted; nobody inside can', async () => {
      const set = (values: { space?: string; inodes?: string }) =>
        world.cli([
          'quota',
          'two',
          '--user',
          '1002',
          ...Object.entries(values).flatMap(([key, value]) => [`--${key}`, value]),
          '--live',
          '--config',
        ]);
      const { stdout, stderr, status } = await set({ space: '3M:4M', inodes: '50' });
      assert.equal(status, 0, stderr);
      assert.match(stdout, /user 1002 +space +- +3\.0 MiB|user 1002 +space +0 B +3\.0 MiB +4\.0 MiB/);
      assert.ok((await write(world, 'two', 1002, 9)).mib <= 4);
      await world.client.domains.destroy({ domain: 'two' });
      await world.client.domains.start({ domain: 'two' });
      assert.equal((await owner('two', 1002))?.space.hard, 4 * MiB);
      assert.ok((await write(world, 'two', 1002, 9)).mib <= 4);
      await set({ space: 'unlimited' });
      assert.equal((await write(world, 'two', 1002, 9)).mib, 9);
    });

    test('erased, it leaves no limit in the kernel, so a range that is used again has none', async () => {
      const start = (await world.client.domains.info({ domain: 'one' })).idMap?.start ?? assert.fail();
      assert.ok((await limitedOn(where, 'users')).includes(start + 1000));
      await world.erase('one');
      assert.ok(!(await limitedOn(where, 'users')).includes(start + 1000));
      await world.run(domainXml({ name: 'three' }));
      assert.equal((await owner('three', 1000))?.space.hard ?? null, null);
    });

    if (groups)
      test('groups', async () => {
        await world.client.quota.setOwner({
          domain: 'two',
          body: { kind: 'group', id: 500, space: '2M', live: true },
        });
        await world.shell('two', 'mkdir -m 2777 /tmp/g && chgrp 500 /tmp/g && chmod g+s /tmp/g');
        assert.ok((await write(world, 'two', 1003, 5, '/tmp/g/file')).mib <= 2);
        assert.ok(((await owner('two', 500, 'group'))?.space.used ?? 0) > MiB);
      });
  });

for (const where of ['/srv/ext4', '/srv/xfs'])
  suite(`a limit made of a project on ${where}`, () => {
    let world: World;
    before(async () => {
      world = await sharedWorld(where);
      await world.stop();
      await mkdir(`${world.root}/etc`, { recursive: true });
      await writeFile(`${world.root}/etc/ctvirtd.conf`, 'project_ids = "7000-7999"\n');
      await world.start();
    });
    after(() => world.clear());
    const limited = (name: string, more = '') =>
      domainXml({
        name,
        type: 'openvz',
        filesystems: [root(`<space_hard_limit unit='MiB'>16</space_hard_limit>${more}`)],
      });
    const set = (domain: string, diskspace: string) =>
      world.client.domains.setParameters({
        domain,
        body: { values: { diskspace }, live: true, stored: true },
      });
    const whole = async (domain: string) =>
      (await world.client.quota.show({ domain })).filesystems[0] ?? assert.fail('no root');

    test('space and inodes refuse its root user too, are raised and lowered at will, and each domain has its own', async () => {
      await world.run(limited('first', "<quota type='inodes' max='300'/>"));
      await world.run(limited('second'));
      assert.match((await whole('first')).how, /^project 70\d\d /);
      assert.notEqual((await whole('first')).how, (await whole('second')).how);
      const over = await write(world, 'first', 0, 20, '/file');
      assert.ok(over.mib > 15 && over.mib <= 16, `${over.mib} MiB`);
      assert.equal((await write(world, 'second', 0, 10, '/file')).mib, 10);
      await set('first', '30M');
      assert.equal((await write(world, 'first', 0, 24, '/file')).mib, 24);
      const { space } = await whole('first');
      assert.ok((space.used ?? 0) >= 24 * MiB && (space.used ?? 0) < 26 * MiB);
      assert.equal(space.hard, 30 * MiB);
      // Far below what is there.
      await set('first', '2M');
      assert.equal((await write(world, 'first', 0, 1, '/more')).mib, 0);
      await world.shell('first', 'rm -f /file /more');
      await set('first', '16M');
      const { status } = await world.exec(
        'first',
        '/bin/sh',
        '-c',
        'for i in $(seq 400); do : > /f$i || exit 1; done',
      );
      assert.notEqual(status, 0, 'more than 300 files');
    });

    test('both levels at once, and the start of one that is full', async () => {
      await world.client.quota.setOwner({
        domain: 'second',
        body: { kind: 'user', id: 1000, space: '3M', live: true, stored: true },
      });
      await world.shell('second', 'chmod 1777 /tmp; rm /file');
      assert.ok((await write(world, 'second', 1000, 8)).mib <= 3);
      const rest = (await write(world, 'second', 1001, 30)).mib;
      assert.ok(rest > 11 && rest <= 13, `${rest} MiB`);
      await world.client.domains.destroy({ domain: 'second' });
      await world.client.domains.start({ domain: 'second' });
      assert.equal((await write(world, 'second', 1002, 1)).mib, 0);
      await world.shell('second', 'rm /tmp/1001');
      assert.equal((await write(world, 'second', 1002, 1)).mib, 1);
    });

    test('erased, the domains leave no limit in the kernel', async () => {
      assert.equal((await limitedOn(where, 'projects')).length, 2);
      await world.clear();
      assert.deepEqual(await limitedOn(where, 'projects'), []);
    });
  });

suite('a host with all its capabilities', () => {
  let world: World;
  before(async () => {
    world = await sharedWorld();
  });
  after(() => world.clear());

  test('a root that grows while it runs', async () => {
    await world.run(
      domainXml({
        name: 'grown',
        type: 'openvz',
        filesystems: [root("<space_hard_limit unit='MiB'>16</space_hard_limit>")],
      }),
    );
    const set = (diskspace: string) =>
      world.client.domains.setParameters({
        domain: 'grown',
        body: { values: { diskspace }, live: true, stored: true },
      });
    await set('40M');
    const { mib } = await write(world, 'grown', 0, 36, '/file');
    assert.equal(mib, 36);
    await world.shell('grown', 'rm /file');
    await set('24M');
    const less = await write(world, 'grown', 0, 36, '/file');
    assert.ok(less.mib > 15 && less.mib <= 24, `${less.mib} MiB`);
  });

  test('iolimit by io.max', async () => {
    await world.run(domainXml({ name: 'slow', type: 'openvz' }));
    await world.client.domains.setParameters({
      domain: 'slow',
      body: { values: { iolimit: '1M' }, live: true, stored: false },
    });
    const from = process.hrtime.bigint();
    await world.shell('slow', 'dd if=/dev/zero of=/file bs=64k count=48 oflag=direct 2>/dev/null');
    const seconds = Number(process.hrtime.bigint() - from) / 1e9;
    assert.ok(seconds > 2, `${seconds} s for 3 MiB at 1 MiB/s`);
  });
});
