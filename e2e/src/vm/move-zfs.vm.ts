// Domains in pools of ZFS go to a host that has one, too, as streams of its own: while a daemon is killed, and where a stream is refused.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { after, before, suite, test } from 'node:test';
import { altering } from '../world/altered-link.js';
import { output } from '../world/command.js';
import { domainXml, templateRoot } from '../world/documents.js';
import { waitFor } from '../world/wait.js';
import { World } from '../world/world.js';
import { linesOf, writing } from '../world/written.js';
import { tellLayerTests } from './layer-tests.js';
import { loadZfs, noZfsBuilt } from './zfs.js';

const name = 'shop';

test('streams of ZFS are received, or refused', { skip: noZfsBuilt }, async (t) => {
  await loadZfs();
  await tellLayerTests(t, 'zfs-streams');
});

suite('between hosts on ZFS', { skip: noZfsBuilt }, () => {
  let near: World;
  let far: World;
  const on = async (pool: string): Promise<World> => {
    writeFileSync(`/srv/${pool}.pool`, '');
    truncateSync(`/srv/${pool}.pool`, 256 << 20);
    await output(['zpool', 'create', '-O', 'compression=off', '-m', 'none', pool, `/srv/${pool}.pool`]);
    await output(['zfs', 'create', `${pool}/layers`]);
    const world = await World.open();
    await world.stop();
    mkdirSync(`${world.root}/etc`, { recursive: true });
    writeFileSync(`${world.root}/etc/ctvirtd.conf`, `layers = "zfs ${pool}/layers"\n`);
    await world.start();
    return world;
  };
  before(async () => {
    await loadZfs();
    near = await on('near');
    far = await on('far');
    await near.run(domainXml({ name, program: writing, filesystems: [templateRoot] }));
    await near.shell(name, 'head -c 4000000 /dev/urandom >/srv/bulk; ln -s /etc/group /srv/link');
  });
  after(async () => {
    for (const [pool, world] of [
      ['near', near],
      ['far', far],
    ] as const) {
      await world.clearKept();
      assert.deepEqual(await held(pool, 'all'), []);
      await world.close();
      await output(['zpool', 'destroy', pool]);
      rmSync(`/srv/${pool}.pool`);
    }
  });

  const held = async (pool: string, type: string): Promise<string[]> => {
    const words = ['list', '-H', '-r', '-t', type, '-o', 'name', `${pool}/layers`];
    return (await output(['zfs', ...words])).split('\n').filter((line) => line.includes('/ctvirt-'));
  };
  const told = 'ls -l /srv/link; sha256sum /srv/bulk';
  const assertWritten = async (world: World): Promise<void> => {
    assert.ok(linesOf(`${await world.shell(name, 'cat /srv/log')}\n`, name) > 3);
  };

  test('it stays when the target is killed in the middle of a stream, which leaves nothing', async () => {
    const slow = near.client.domains.move({
      domain: name,
      body: { to: far.uri('ctvirt'), bytesPerSecond: 500_000 },
    });
    const outcome = slow.then(
      () => 'moved',
      (error: unknown) => String(error),
    );
    await waitFor('a stream to be under way', async () => (await held('far', 'filesystem')).length === 2);
    await far.kill();
    await far.start();
    assert.notEqual(await outcome, 'moved');
    await waitFor('nothing of it to be left', async () => (await held('far', 'all')).length === 0, 60_000);
    await waitFor('no moment to be kept', async () => (await held('near', 'snapshot')).length === 0, 60_000);
    await assertWritten(near);
  });

  test('what changes while it runs goes by what differs, and all of it is there', async () => {
    await near.client.snapshots.create({ domain: name, body: { name: 'first' } });
    const before = await near.shell(name, told);
    const { streamed, passes, findings } = await near.client.domains.move({
      domain: name,
      body: { to: far.uri('ctvirt') },
    });
    assert.deepEqual([streamed, findings], [['/'], []]);
    assert.equal(passes[0]?.snapshot, 'first');
    assert.ok((passes[0]?.bytes ?? 0) > 4e6, JSON.stringify(passes));
    for (const { bytes } of passes.slice(1)) assert.ok(bytes < 1e6, JSON.stringify(passes));
    assert.equal(await far.shell(name, told), before);
    await assertWritten(far);
    assert.equal((await held('far', 'filesystem')).length, 2);
    await waitFor(
      'no moment of it to be kept',
      async () => !(await held('near', 'snapshot')).some((moment) => moment.includes('sent')),
    );
  });

  test('where a stream is refused archives take its place, and that is told', async () => {
    const before = await far.shell(name, told);
    const path = `${far.host}/wrong`;
    await using _link = await altering(path, `${near.root}/run/libvirt-sock`, {
      'far/layers/ctvirt-': 'far/layerX/ctvirt-',
    });
    const { streamed, findings } = await far.client.domains.move({
      domain: name,
      body: { to: `ctvirt+unix:///system?socket=${path}` },
    });
    assert.equal(streamed, undefined);
    assert.match(
      findings.join(),
      /its files at \/ went as archives, since streams of its layer failed: .*ZFS could not receive/,
    );
    assert.equal(await near.shell(name, told), before);
    await assertWritten(near);
  });
});
