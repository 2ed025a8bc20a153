// A file system that shares blocks between a domain and its snapshots becomes full: what runs is kept from that, and told of it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { rm, statfs } from 'node:fs/promises';
import { after, afterEach, before, suite, test } from 'node:test';
import { output, run } from '../world/command.js';
import { domainXml } from '../world/documents.js';
import { type Ground, grounds, openGround } from '../world/ground.js';
import { busybox, refused, World } from '../world/world.js';

const MiB = 2 ** 20;
suite('where snapshots share blocks', {
  skip: grounds.includes('xfs') ? false : 'this host has no XFS',
}, () => {
  let world: World;
  let ground: Ground;
  let disk: string;
  before(async () => {
    ground = await openGround('xfs', 700 * MiB);
    disk = ground.folder;
    world = await World.open({ parent: disk });
  });
  afterEach(() => world.clear());
  after(async () => {
    await world.close();
    await ground[Symbol.asyncDispose]();
  });

  const free = async (): Promise<number> => {
    const { bavail, bsize } = await statfs(disk);
    return bavail * bsize;
  };
  const limited = `<filesystem type='template'><source name='${busybox}'/><target dir='/'/><space_hard_limit unit='MiB'>250</space_hard_limit></filesystem>`;

  test('a snapshot that the domain could not outgrow is refused, before that it is told, and what each holds is shown', async () => {
    await world.run(domainXml({ name: 'shop', filesystems: [limited] }));
    const write = 'dd if=/dev/urandom of=/srv/bulk bs=1M count=150 2>/dev/null && sync';
    await world.shell('shop', write);
    const before = await free();
    await world.ctvirt('snapshot', 'create', 'shop', 'one');
    assert.ok(before - (await free()) < 20 * MiB, 'it shares its blocks');
    // Room for what one copy may come to hold, and not for that of two.
    await output(['fallocate', '-l', String((await free()) - 250 * MiB), `${disk}/filler`]);
    await world.ctvirt('snapshot', 'create', 'shop', 'two');
    await world.logged(/the next copy may find no room/);
    await world.shell('shop', write);
    await refused('no-space', world.client.snapshots.create({ domain: 'shop', body: { name: 'three' } }));
    await refused('no-space', world.client.archives.clone({ domain: 'shop', body: { name: 'twin' } }));
    // What runs has what it had: it is the host's administrator who has to know.
    assert.equal(
      await world.shell('shop', 'echo on >/srv/more; sync; cat /srv/more; stat -c %s /srv/bulk'),
      `on\n${150 * MiB}`,
    );
    const { stdout } = await run(['virsh', '-c', world.uri('lxc'), 'vol-list', 'roots', '--details']);
    assert.match(stdout, /shop.*one/);
    await world.ctvirt('snapshot', 'delete', 'shop', 'one');
    await world.ctvirt('snapshot', 'delete', 'shop', 'two');
    await world.ctvirt('snapshot', 'create', 'shop', 'three');
    await world.ctvirt('snapshot', 'revert', 'shop', 'three');
    await rm(`${disk}/filler`);
  });
});
