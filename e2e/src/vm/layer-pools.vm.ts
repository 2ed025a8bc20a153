// Domains whose roots lie in a pool that ctvirtd.conf names: copied in constant time while they run, and gone from there with the domain.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdir, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { after, afterEach, before, suite, test } from 'node:test';
import { output } from '../world/command.js';
import { domainXml } from '../world/documents.js';
import { busybox, World } from '../world/world.js';
import { loadZfs, noZfsBuilt } from './zfs.js';

const MiB = 2 ** 20;
const FILE = '/srv/layers';

/** A pool for the layers, what it holds of them, and its end. */
interface Pool {
  readonly setting: string;
  readonly how: string;
  readonly skip: string | false;
  make(): Promise<void>;
  volumes(): Promise<string[]>;
  remove(): Promise<void>;
}

const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

const zfs: Pool = {
  setting: 'zfs store/layers',
  how: 'a dataset of ZFS',
  skip: noZfsBuilt,
  async make() {
    await loadZfs();
    await output(['zpool', 'create', '-O', 'compression=off', '-m', 'none', 'store', FILE]);
    await output(['zfs', 'create', 'store/layers']);
  },
  volumes: async () =>
    linesOf(await output(['zfs', 'list', '-H', '-r', '-t', 'all', '-o', 'name', 'store/layers'])).slice(1),
  remove: async () => void (await output(['zpool', 'destroy', 'store'])),
};

let loop = '';
const lvmThin: Pool = {
  setting: 'lvm-thin store/pool',
  how: 'a thin volume of LVM',
  skip: false,
  async make() {
    await output(['modprobe', 'dm-thin-pool']);
    loop = (await output(['losetup', '--find', '--show', FILE])).trim();
    await output(['vgcreate', 'store', loop]);
    await output(['lvcreate', '--type', 'thin-pool', '--extents', '90%FREE', '--name', 'pool', 'store']);
  },
  volumes: async () =>
    linesOf(await output(['lvs', '--noheadings', '--options', 'lv_name', 'store'])).filter(
      (name) => name !== 'pool',
    ),
  async remove() {
    await output(['vgremove', '--yes', '--force', 'store']);
    await output(['losetup', '--detach', loop]);
  },
};

for (const pool of [lvmThin, zfs])
  suite(`layers = "${pool.setting}"`, { skip: pool.skip }, () => {
    let world: World;
    before(async () => {
      await writeFile(FILE, '');
      await truncate(FILE, 1024 * MiB);
      await pool.make();
      world = await World.open();
      await world.stop();
      await mkdir(`${world.root}/etc`, { recursive: true });
      await writeFile(`${world.root}/etc/ctvirtd.conf`, `layers = "${pool.setting}"\n`);
      await world.start();
    });
    afterEach(() => world.clear());
    after(async () => {
      await world.close();
      await pool.remove();
      await rm(FILE);
    });

    const limited = (name: string) =>
      domainXml({
        name,
        type: 'openvz',
        filesystems: [
          `<filesystem type='template'><source name='${busybox}'/><target dir='/'/><space_hard_limit unit='MiB'>64</space_hard_limit></filesystem>`,
        ],
      });
    const cli = async (...words: readonly string[]) => {
      const { status, stdout, stderr } = await world.cli([...words]);
      assert.equal(status, 0, `${words.join(' ')}: ${stderr}`);
      return stdout;
    };
    const erase = async (domain: string) => {
      await world.client.domains.destroy({ domain }).catch(() => undefined);
      await world.client.domains.undefine({ domain, storage: true });
    };

    test('a root is a volume of the pool, within its limit; snapshots and clones of what runs are others', async () => {
      await world.run(limited('700'));
      assert.equal((await pool.volumes()).length, 1);
      assert.match(await cli('quota', '700', '--how'), new RegExp(`64 MiB +- +${pool.how}$`, 'm'));
      await world.exec('700', '/bin/sh', '-c', 'dd if=/dev/zero of=/file bs=64k count=2000; sync');
      const bytes = Number(await world.shell('700', 'stat -c %s /file'));
      assert.ok(bytes > 50 * MiB && bytes <= 64 * MiB, `${bytes}`);
      await world.shell('700', 'rm /file; sync; echo then >/kept');
      await cli('snapshot', 'create', '700', 'one');
      await world.shell('700', 'echo now >/kept; sync');
      assert.match(await cli('snapshot', 'diff', '700', 'one'), /\/kept/);
      await cli('clone', '700', '701', '--snapshot', 'one');
      await cli('snapshot', 'revert', '700', 'one');
      assert.equal((await world.shell('700', 'cat /kept')).trim(), 'then');
      await world.client.domains.start({ domain: '701' });
      assert.equal((await world.shell('701', 'cat /kept')).trim(), 'then');
      // What the clone stands on may go before it.
      await erase('700');
      assert.equal((await world.shell('701', 'cat /kept')).trim(), 'then');
      await erase('701');
      assert.deepEqual(await pool.volumes(), []);
    });

    test('a root follows its domain to another name, and a daemon that was killed while it copied leaves nothing', async () => {
      await world.run(limited('700'));
      await world.shell('700', 'echo kept >/file');
      for (const delay of [50, 300, 600, 1000]) {
        const copied = world.cli(['snapshot', 'create', '700', `at-${delay}`]).catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, delay));
        await world.kill();
        await copied;
        await world.start();
        await world.shell('700', `echo ${delay} >/written; sync`);
        const kept = await readdir(`${world.root}/lib/roots/700/snapshots`).catch(() => []);
        assert.ok(
          kept.every((name) => !name.startsWith('.')),
          kept.join(),
        );
        assert.equal((await pool.volumes()).length, 1 + kept.length);
      }
      await world.client.domains.destroy({ domain: '700' });
      await cli('rename', '700', '702');
      await world.client.domains.start({ domain: '702' });
      assert.equal((await world.shell('702', 'cat /file')).trim(), 'kept');
      await erase('702');
      assert.deepEqual(await pool.volumes(), []);
    });
  });
