// A dataset of ZFS that a container administers: made, mounted and snapshotted from inside, and nothing else of the pool.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { after, afterEach, before, suite, test } from 'node:test';
import { output } from '../world/command.js';
import { domainXml, templateRoot } from '../world/documents.js';
import { refused, World } from '../world/world.js';
import { loadZfs, noZfsBuilt } from './zfs.js';

suite('a dataset that is handed over', { skip: noZfsBuilt }, () => {
  let world: World;
  before(async () => {
    await loadZfs();
    writeFileSync('/srv/pool', '');
    truncateSync('/srv/pool', 256 << 20);
    await output(['zpool', 'create', '-m', 'none', 'tank', '/srv/pool']);
    for (const name of ['tank/web', 'tank/other']) await output(['zfs', 'create', name]);
    world = await World.open();
  });
  afterEach(() => world.clear());
  after(async () => {
    await world.close();
    await output(['zpool', 'destroy', 'tank']);
    rmSync('/srv/pool');
  });

  // Its tools have to fit the module: the host's, by the loader that finds their libraries there.
  const tools = "<filesystem type='mount'><source dir='/usr'/><target dir='/host'/><readonly/></filesystem>";
  const zfsInside = `/host/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 --library-path /host/lib/x86_64-linux-gnu /host/sbin/zfs`;
  const xmlOf = (name: string, dataset: string) =>
    domainXml({
      name,
      filesystems: [
        templateRoot,
        tools,
        `<filesystem type='dataset'><source name='${dataset}'/></filesystem>`,
      ],
    });
  const inside = (line: string) => world.shell('web', line.replaceAll('zfs ', `${zfsInside} `));

  test('is administered inside, at each start again; the rest of the pool is not seen, and not touched', async () => {
    await world.run(xmlOf('web', 'tank/web'));
    assert.deepEqual((await inside('zfs list -H -o name')).trim().split('\n'), ['tank', 'tank/web']);
    await inside('zfs create -o mountpoint=/data tank/web/data');
    assert.equal((await inside('zfs get -H -o value mounted tank/web/data')).trim(), 'yes');
    await inside('echo kept > /data/file && zfs snapshot tank/web/data@one && echo new > /data/file');
    assert.ok(Number(await inside('zfs send tank/web/data@one | wc -c')) > 10_000);
    for (const line of [
      'zfs create tank/more',
      'zfs destroy tank/other',
      'zfs list tank/other',
      'zfs set quota=1M tank/web',
    ])
      assert.notEqual(
        (await world.exec('web', '/bin/sh', '-c', line.replace('zfs', zfsInside))).status,
        0,
        line,
      );
    await world.client.domains.destroy({ domain: 'web' });
    // The host has it again, and mounts nothing where the container said.
    assert.equal((await output(['zfs', 'get', '-H', '-o', 'value', 'zoned', 'tank/web/data'])).trim(), 'on');
    assert.match(await output(['zfs', 'list', '-H', '-t', 'snapshot', '-o', 'name']), /tank\/web\/data@one/);
    assert.ok(!existsSync('/data'));
    await world.client.domains.start({ domain: 'web' });
    await inside('zfs mount tank/web/data');
    assert.equal((await inside('cat /data/file')).trim(), 'new');
    await inside('zfs umount tank/web/data && zfs rollback tank/web/data@one && zfs mount tank/web/data');
    assert.equal((await inside('cat /data/file')).trim(), 'kept');
  });

  test('one that runs has it alone, with what is in it; another by the name of the first is refused', async () => {
    await world.run(xmlOf('web', 'tank/web'));
    for (const [name, dataset] of [
      ['shop', 'tank/web'],
      ['part', 'tank/web/data'],
    ] as const) {
      await world.define(xmlOf(name, dataset));
      const { message } = await refused('exists', world.client.domains.start({ domain: name }));
      assert.match(message, /dataset 'tank\/web' is in use by domain 'web'/);
    }
    await world.client.domains.destroy({ domain: 'web' });
    await world.client.domains.start({ domain: 'shop' });
    await refused('exists', world.client.domains.start({ domain: 'web' }));
  });

  test('a container without one sees nothing of ZFS, and one that is not there does not start', async () => {
    await world.run(domainXml({ name: 'plain', filesystems: [templateRoot, tools] }));
    assert.notEqual((await world.exec('plain', '/bin/sh', '-c', `${zfsInside} list`)).status, 0);
    await world.define(xmlOf('none', 'tank/none'));
    const { message } = await refused('not-found', world.client.domains.start({ domain: 'none' }));
    assert.match(message, /this host has no dataset 'tank\/none': `zfs create tank\/none` makes it/);
  });
});
