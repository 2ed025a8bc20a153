// A disk that has no room for what is made of a whole domain: the part goes, the domain is as it was, and it is told what it takes.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { after, before, suite, test } from 'node:test';
import { ApiError } from '@ctvirt/api';
import { domainXml, templateRoot } from '../world/documents.js';
import { lightenKey } from '../world/light-key.js';
import { assertUnchanged, waitFor } from '../world/wait.js';
import { World } from '../world/world.js';

/** On a small disk. */
let world: World;
/** On a large one. */
let other: World;
before(async () => {
  world = await World.open({ diskMiB: 96 });
  other = await World.open();
});
after(async () => {
  await world.close();
  await other.close();
});

const MiB = 2 ** 20;
const forms = {
  folder: templateRoot,
  image: templateRoot.replace(
    '</filesystem>',
    "<space_hard_limit unit='MiB'>32</space_hard_limit><quota type='inodes' max='2000'/></filesystem>",
  ),
};
const program = ['/bin/sh', '-c', "trap 'exit 0' TERM PWR USR1 USR2 INT; sleep infinity & wait"];
/** What each of them holds at least. */
const heldBytes = 8 * MiB;
const holding = `head -c ${heldBytes} /dev/urandom >/srv/large; sha256sum /srv/large`;

/** With so much left it is refused, and leaves nothing; returns what was said. */
async function refusedWith(bytes: number, work: () => Promise<unknown>): Promise<string> {
  await world.disk.empty();
  await world.disk.fill(bytes);
  const names = (): string[] =>
    readdirSync(world.enclosure.path(`${world.root}/lib`), { recursive: true, encoding: 'utf8' })
      // What is written by the clock comes when it comes, and what is kept of what is gone goes when it goes.
      .filter((path) => !/\/rootfs\/|\.layer\/|^traffic|^(history|backup-files)\//.test(path))
      .sort();
  const state = async () => ({ names: names(), everything: await world.everything() });
  const before = await state();
  const room = await world.disk.usedBytes();
  const said = await work().then(
    () => assert.fail(`with ${bytes} bytes left there was room`),
    (error: unknown) => {
      if (!(error instanceof ApiError)) throw error;
      return error;
    },
  );
  assert.equal(said.code, 'no-space', `with ${bytes} bytes left: ${said.message}\n${world.log.slice(-3000)}`);
  await assertUnchanged(before, state, `with ${bytes} bytes left`);
  const more = (await world.disk.usedBytes()) - room;
  assert.ok(more < MiB / 8, `with ${bytes} bytes left, ${more} more are used`);
  await world.disk.empty();
  return said.message;
}

/** The message says how much it takes, which is at least what the domain holds. */
function assertTellsRoom(message: string): void {
  const [, bytes] = /\b(\d{7,}) bytes/.exec(message) ?? [];
  assert.ok(Number(bytes) >= heldBytes, message);
}

for (const [name, root] of Object.entries(forms))
  suite(`of a domain on ${name === 'image' ? 'an' : 'a'} ${name}`, () => {
    let sum = '';
    const isWhole = async () => {
      await world.disk.empty();
      if ((await world.client.domains.summary({ domain: name })).state === 'shutoff')
        await world.client.domains.start({ domain: name });
      assert.equal(await world.shell(name, 'sha256sum /srv/large'), sum);
    };
    before(async () => {
      await world.run(domainXml({ name, program, filesystems: [root] }));
      sum = await world.shell(name, holding);
      await world.shell(name, 'sync');
      // The folder that snapshots lie in stays.
      await world.client.snapshots.create({ domain: name, body: { name: 'first' } });
      await world.client.snapshots.delete({ domain: name, snapshot: 'first' });
    });
    after(async () => {
      await world.disk.empty();
      await world.erase(name);
      await world.assertClean();
    });

    for (const left of [4 * MiB, 64 * 1024, 0])
      test(`with ${left} bytes left neither a snapshot nor a clone is made`, async () => {
        const { snapshots, archives, domains } = world.client;
        // What an image itself wants to write then is lost: that is told elsewhere.
        if (left < MiB) await domains.destroy({ domain: name });
        for (const work of [
          () => snapshots.create({ domain: name, body: { name: 'x' } }),
          () => archives.clone({ domain: name, body: { name: 'copy' } }),
        ])
          assertTellsRoom(await refusedWith(left, work));
        await isWhole();
      });

    test('nor is one reverted', async () => {
      const { snapshots, domains } = world.client;
      await snapshots.create({ domain: name, body: { name: 'then' } });
      const revert = () => snapshots.revert({ domain: name, snapshot: 'then', body: {} });
      assertTellsRoom(await refusedWith(4 * MiB, revert));
      assert.equal(await world.state(name), 'running (booted)');
      await domains.destroy({ domain: name });
      for (const left of [4 * MiB, 0]) assertTellsRoom(await refusedWith(left, revert));
      await snapshots.delete({ domain: name, snapshot: 'then' });
      await isWhole();
    });

    test('nor is an archive written, or read', async () => {
      const { archives, domains } = world.client;
      const target = `${world.host}/full.ctvirt.tar.zst`;
      await domains.destroy({ domain: name });
      for (const left of [4 * MiB, 0])
        assertTellsRoom(await refusedWith(left, () => archives.write({ domain: name, body: { target } })));
      await archives.write({ domain: name, body: { target } });
      const body = { source: target, name: 'back', newIds: true };
      for (const left of [4 * MiB, 0])
        assertTellsRoom(await refusedWith(left, () => archives.import({ body })));
      await rm(world.enclosure.path(target));
      await isWhole();
    });

    test('nor comes it out of a backup', async () => {
      const { backups, domains } = world.client;
      const text = `backup_repositories = ["default ${other.host}/kept ${other.host}/password"]\n`;
      writeFileSync(world.enclosure.path(`${world.root}/etc/ctvirtd.conf`), text);
      await world.stop();
      await world.start();
      await world.ctvirt('backup', 'init');
      lightenKey(`${other.host}/kept`, `${other.host}/password`);
      await backups.create({ domain: name, body: {} });
      await domains.destroy({ domain: name });
      for (const body of [{ domain: name }, { domain: name, name: 'restored' }])
        for (const left of [4 * MiB, 0])
          assertTellsRoom(await refusedWith(left, () => backups.restore({ body })));
      await rm(`${other.host}/kept`, { recursive: true });
      await rm(`${other.host}/password`);
      await isWhole();
    });

    test('nor is one taken in that comes from another host', async () => {
      await other.run(domainXml({ name: 'guest', program, filesystems: [root] }));
      const itsSum = await other.shell('guest', `${holding}; sync`);
      // The disk is mounted where its daemon is.
      const socket = world.enclosure.path(`${world.root}/run/libvirt-sock`);
      const to = `ctvirt+unix:///system?socket=${socket}`;
      const move = () => other.client.domains.move({ domain: 'guest', body: { to } });
      for (const left of [4 * MiB, 64 * 1024, 0]) {
        assertTellsRoom(await refusedWith(left, move));
        assert.equal(await other.state('guest'), 'running (booted)');
        assert.equal(await other.shell('guest', 'sha256sum /srv/large'), itsSum);
      }
      await other.erase('guest');
      await other.assertClean();
    });

    test('nor does one come whose room others take meanwhile', async () => {
      await other.run(domainXml({ name: 'guest', program, filesystems: [root] }));
      const itsSum = await other.shell('guest', `${holding}; sync`);
      const socket = world.enclosure.path(`${world.root}/run/libvirt-sock`);
      const to = `ctvirt+unix:///system?socket=${socket}`;
      const first = await world.disk.usedBytes();
      const moving = other.client.domains
        .move({ domain: 'guest', body: { to, bytesPerSecond: 2 * MiB } })
        .then(
          () => assert.fail('there was room'),
          (error: unknown) => error,
        );
      await waitFor(
        'its files to come',
        async () => (await world.disk.usedBytes()) > first + 2 * MiB,
        60_000,
      );
      await world.disk.fill(64 * 1024);
      const error = await moving;
      await world.disk.empty();
      assert.ok(error instanceof ApiError && error.code === 'no-space', String(error));
      assertTellsRoom(error.message);
      assert.equal(await other.shell('guest', 'sha256sum /srv/large'), itsSum);
      await other.erase('guest');
      await other.assertClean();
    });
  });
