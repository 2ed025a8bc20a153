// Domains whose layers lie on btrfs: subvolumes, limited where the host counts what they hold, and gone with the domain.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, afterEach, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { output } from '../world/command.js';
import { domainXml, obedient } from '../world/documents.js';
import { type Ground, grounds, openGround } from '../world/ground.js';
import { busybox, World } from '../world/world.js';

const MiB = 2 ** 20;
suite('on btrfs', { skip: grounds.includes('btrfs') ? false : 'this host has no btrfs' }, () => {
  let world: World;
  let ground: Ground;
  let disk: string;
  before(async () => {
    ground = await openGround('btrfs', 1024 * MiB);
    disk = ground.folder;
    await output(['btrfs', 'quota', 'enable', disk]);
    world = await World.open({ parent: disk });
  });
  afterEach(() => world.clear());
  after(async () => {
    await world.close();
    await ground[Symbol.asyncDispose]();
  });

  const limited = (name: string, program?: readonly string[]) =>
    domainXml({
      ...(program && { program }),
      name,
      type: 'openvz',
      filesystems: [
        `<filesystem type='template'><source name='${busybox}'/><target dir='/'/><space_hard_limit unit='MiB'>64</space_hard_limit></filesystem>`,
      ],
    });
  const subvolumes = async () =>
    (await output(['btrfs', 'subvolume', 'list', disk])).split('\n').filter((line) => line !== '').length;
  /** Writes so many MiB and tells how many there was room for. */
  const roomFor = async (domain: string, mebibytes: number) => {
    const write = `dd if=/dev/zero of=/file bs=64k count=${mebibytes * 16}; sync`;
    await world.exec(domain, '/bin/sh', '-c', write);
    return Number(await world.shell(domain, 'stat -c %s /file')) / MiB;
  };
  const assertRoom = (got: number, wanted: number) =>
    assert.ok(got > wanted * 0.9 && got <= wanted, `${got} of ${wanted} MiB`);

  test('a limit holds, at once when it changes, and the next start finds the files; nothing is left when it is erased', async () => {
    await world.run(limited('700'));
    assert.equal(await subvolumes(), 1);
    assertRoom(await roomFor('700', 100), 64);
    const set = (values: Record<string, string>) =>
      world.client.domains.setParameters({ domain: '700', body: { values, live: true, stored: true } });
    await set({ DISKSPACE: '96M' });
    assertRoom(await roomFor('700', 200), 96);
    await world.client.domains.destroy({ domain: '700' });
    await world.client.domains.start({ domain: '700' });
    assert.match(await world.shell('700', 'stat -c %s /file'), /^\d{8,}$/);
    const { stdout } = await world.cli(['quota', '700', '--how']);
    assert.match(stdout, /^ \/ +- +space +9\d MiB +- +96 MiB +- +a subvolume of btrfs$/m);
    await world.client.domains.destroy({ domain: '700' });
    await world.client.domains.undefine({ domain: '700', storage: true });
    assert.equal(await subvolumes(), 0);
  });

  test('without a limit it is a subvolume, too, which goes with a transient domain', async () => {
    await world.client.domains.define({ body: domainXml({ name: 'short' }), transient: true });
    assert.equal(await subvolumes(), 1);
    await world.client.domains.destroy({ domain: 'short' });
    assert.equal(await subvolumes(), 0);
  });

  test('a clone of what runs is a subvolume that shares its blocks, under its own limit; an export leaves none', async () => {
    await world.run(limited('700'));
    await world.shell('700', 'dd if=/dev/urandom of=/file bs=1M count=40 2>/dev/null; sync');
    const free = async () => Number((await output(['stat', '-f', '-c', '%a', disk])).trim());
    const blocks = await free();
    const { status, stderr } = await world.cli(['clone', '700', '701']);
    assert.equal(status, 0, stderr);
    assert.equal(await subvolumes(), 2);
    assert.ok(blocks - (await free()) < 2000, 'it shares them');
    const file = `${world.host}/700.ctvirt.tar.zst`;
    assert.equal((await world.cli(['export', '700', file])).status, 0);
    await rm(file);
    assert.equal(await subvolumes(), 2);
    await world.client.domains.start({ domain: '701' });
    const sum = 'sha256sum </file';
    assert.equal(await world.shell('701', sum), await world.shell('700', sum));
    assertRoom(await roomFor('701', 100), 64);
    for (const domain of ['700', '701']) {
      await world.client.domains.destroy({ domain });
      await world.client.domains.undefine({ domain, storage: true });
    }
    assert.equal(await subvolumes(), 0);
  });

  test('snapshots go to a host without btrfs and back, each by what differs', async () => {
    const far = await World.open();
    try {
      await world.run(limited('703', obedient));
      await world.shell('703', 'echo first >/text; head -c 3000000 /dev/urandom >/bulk');
      // What is younger than clocks can tell is sent twice.
      await sleep(2500);
      await world.client.snapshots.create({ domain: '703', body: { name: 'one' } });
      await world.shell('703', 'echo second >/text');
      await world.client.snapshots.create({ domain: '703', body: { name: 'two' } });
      await world.shell('703', 'echo third >/text');
      const before = await world.client.snapshots.list({ domain: '703' });
      for (const [from, to] of [
        [world, far],
        [far, world],
      ] as const) {
        const { passes } = await from.client.domains.move({
          domain: '703',
          body: { to: to.uri('ctvirt') },
        });
        const [first, second] = passes.map(({ bytes }) => bytes);
        // There all files are as young as the other.
        const most = from === world ? 1e6 : 1e9;
        assert.ok((first ?? 0) > 3e6 && (second ?? 1e9) <= most, JSON.stringify(passes));
        assert.deepEqual(await to.client.snapshots.list({ domain: '703' }), before);
        assert.equal(await to.shell('703', 'cat /text'), 'third');
      }
      for (const [name, text] of [
        ['one', 'first'],
        ['two', 'second'],
      ] as const) {
        await world.client.snapshots.revert({ domain: '703', snapshot: name, body: {} });
        assert.equal(await world.shell('703', 'cat /text; stat -c %s /bulk'), `${text}\n3000000`);
      }
      for (const { name: root } of await far.client.roots.list()) await far.client.roots.erase({ root });
      await far.close();
    } catch (error) {
      await far.abandon();
      throw error;
    }
  });
});
