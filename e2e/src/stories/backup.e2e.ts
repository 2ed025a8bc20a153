// Backups by restic, and what of them is the same whoever keeps them.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  ctvirt,
  locks,
  look,
  noise,
  onImage,
  proveBackups,
  repository,
  useRepositories,
  world,
} from '../world/backing-up.js';
import { described } from '../world/described.js';
import { domainXml, templateRoot } from '../world/documents.js';
import { helpersOf } from '../world/family.js';
import { lightenKey } from '../world/light-key.js';
import { waitFor } from '../world/wait.js';
import { refused } from '../world/world.js';

proveBackups({
  name: 'restic',
  // It is the usual one.
  words: [],
  made: lightenKey,
  locks: (path) => readdirSync(`${path}/locks`).filter((name) => /^[0-9a-f]{64}$/.test(name)).length,
  // All that it writes.
  byHand: (path, passwordFile) =>
    spawn('restic', ['-r', path, '--password-file', passwordFile, '--no-cache', 'backup', '--stdin'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    }),
  remove: (path, id) => execFileSync('sh', ['-c', `rm -f ${path}/snapshots/${id}*`]),
});

test('a link in the domain leads a single path nowhere on the host', async () => {
  await world.define(domainXml({ name: 'sly', filesystems: [templateRoot] }));
  await look('sly', (root) => {
    mkdirSync(`${root}/srv/data`);
    writeFileSync(`${root}/srv/data/file`, 'as it was');
  });
  await ctvirt('backup', 'sly');
  const outside = `${world.host}/outside`;
  mkdirSync(outside);
  await look('sly', (root) => {
    rmSync(`${root}/srv/data`, { recursive: true });
    execFileSync('ln', ['-s', outside, `${root}/srv/data`]);
  });
  await refused(
    'wrong-state',
    world.client.backups.restore({ body: { domain: 'sly', path: '/srv/data/file' } }),
  );
  assert.deepEqual(readdirSync(outside), []);
  await ctvirt('restore', 'sly', '--path', '/srv/data');
  assert.equal(await look('sly', (root) => readFileSync(`${root}/srv/data/file`, 'utf8')), 'as it was');
});

test('a daemon that is killed while it restores to a new domain leaves none', async () => {
  await world.define(domainXml({ name: 'big', filesystems: [templateRoot] }));
  await look('big', (root) => noise(root, 60));
  await world.client.backups.create({ domain: 'big', body: {} });
  const restoring = world.cli(['restore', 'big', '--name', 'back']);
  const isRestored = (): boolean => helpersOf(world.daemonPid).some(({ name }) => name === 'rsync');
  await waitFor('its files to be put into it', isRestored);
  await world.kill();
  assert.notEqual((await restoring).status, 0);
  await world.start();
  assert.deepEqual(
    (await world.client.domains.list()).map(({ name }) => name),
    ['big'],
  );
  assert.deepEqual(await world.client.roots.list(), []);
  await ctvirt('restore', 'big', '--name', 'back');
});

test('files that chattr has made immutable are told, which come back without that', async () => {
  await world.define(domainXml({ name: 'web', filesystems: [templateRoot] }));
  const upper = `${world.root}/lib/roots/web/root.layer/upper`;
  await look('web', (root) => {
    for (const name of ['fixed', 'grows', 'other']) writeFileSync(`${root}/srv/${name}`, name);
    execFileSync('chattr', ['+a', `${root}/srv/grows`]);
  });
  execFileSync('chattr', ['+i', `${upper}/srv/fixed`]);
  try {
    assert.match(await ctvirt('backup', 'web'), /\n {2}2 files are in it without what chattr has set/);
    await ctvirt('start', 'web');
    assert.equal((await world.client.backups.create({ domain: 'web', body: {} })).flagged, 2);
    await ctvirt('destroy', 'web');
    const file = `${world.host}/web.ctvirt.tar.zst`;
    const lost = (count: string) => new RegExp(`${count} copied without what chattr has set`);
    assert.match((await world.cli(['export', 'web', file])).stderr, lost('2 files are'));
    rmSync(file);
    // Of what was set by way of overlay a copy of the layer has all.
    const cloned = await world.cli(['clone', 'web', 'twin']);
    assert.match(cloned.stderr, lost('a file is'));
    await look('twin', (root) =>
      assert.match(execFileSync('lsattr', [`${root}/srv`], { encoding: 'utf8' }), /^-{5}a\S* \S*\/grows$/m),
    );
  } finally {
    execFileSync('chattr', ['-i', `${upper}/srv/fixed`]);
  }
});

test('of a domain that this host has never backed up the repository tells, or it is told that it cannot', async () => {
  for (const name of ['came', 'new']) await world.define(domainXml({ name, filesystems: [templateRoot] }));
  const { backup } = await world.client.backups.create({ domain: 'came', body: {} });
  // As on a host that it has come to.
  await world.stop();
  rmSync(world.enclosure.path(`${world.root}/lib/backups.json`));
  await world.start();
  renameSync(repository(), `${repository()}.away`);
  const told = await world.cli(['backup', 'status']);
  renameSync(`${repository()}.away`, repository());
  assert.match(told.stdout, /^came, new: earlier backups are not known: there is no repository in /m);
  const [came, fresh] = await world.client.backups.status();
  assert.deepEqual([came?.last?.id, came?.state, came?.untold], [backup.id, 'ok', null]);
  assert.deepEqual([fresh?.last, fresh?.state, fresh?.untold], [null, 'none', null]);
});

test('a restore that cannot be finished leaves the domain as it is', async () => {
  await world.define(domainXml({ name: 'full', filesystems: [templateRoot] }));
  await look('full', (root) =>
    execFileSync('dd', ['if=/dev/urandom', `of=${root}/large`, 'bs=1M', 'count=60', 'status=none']),
  );
  const { backup } = await world.client.backups.create({ domain: 'full', body: {} });
  await ctvirt('undefine', 'full', '--storage');
  // Its document was another's meanwhile, with a limit that the files do not fit into.
  const { uuid } = backup;
  await world.define(
    domainXml({ name: 'full', filesystems: [onImage] }).replace('<name>', `<uuid>${uuid}</uuid><name>`),
  );
  const before = await look('full', described);
  await refused('no-space', world.client.backups.restore({ body: { domain: 'full' } }));
  assert.deepEqual(await look('full', described), before);
  assert.deepEqual(await world.client.roots.list(), []);
  assert.deepEqual((await world.client.check.list()).stray, []);
});

/** The daemon is away, and it is so much later than it was for schedules of backups. */
async function away(hours: number, line = ''): Promise<void> {
  await world.stop();
  const path = world.enclosure.path(`${world.root}/lib/backups.json`);
  const { domains, ...rest } = JSON.parse(readFileSync(path, 'utf8'));
  const earlier = (at: string) => new Date(Date.parse(at) - hours * 3_600_000).toISOString();
  for (const { obeyed, last } of Object.values<Record<string, Record<string, string>>>(domains)) {
    if (obeyed?.['at'] !== undefined) obeyed['at'] = earlier(obeyed['at']);
    if (obeyed?.['since'] !== undefined) obeyed['since'] = earlier(obeyed['since']);
    if (last?.['takenAt'] !== undefined) last['takenAt'] = earlier(last['takenAt']);
  }
  writeFileSync(path, JSON.stringify({ ...rest, domains }));
  await useRepositories(['default', 'second'], line);
}

test('backups by a schedule of the domain and by the line of the host, and one that failed is seen', async () => {
  for (const name of ['own', 'host', 'none'])
    await world.define(domainXml({ name, filesystems: [templateRoot] }));
  await refused(
    'not-found',
    world.client.domains.set({ domain: 'own', body: { backups: '@daily', backupRepository: 'nosuch' } }),
  );
  assert.match(
    await ctvirt('backup', 'own', '--schedule', '@hourly', '--keep-last', '1'),
    /Domain 'own': backups @hourly, kept: 1 last\n/,
  );
  await ctvirt('backup', 'none', '--schedule', 'never');
  assert.match(await ctvirt('dumpxml', 'own'), /backups="@hourly" backup-keep-last="1"/);
  const line = 'backup_schedule = "@hourly mounts=leave"\n';
  await useRepositories(['default', 'second'], line);
  const state = async (domain: string) => (await world.client.backups.status({ domain }))[0];
  await waitFor(
    'a look',
    async () => readFileSync(`${world.root}/lib/backups.json`, 'utf8').split('@hourly').length === 3,
  );
  assert.match(await ctvirt('backup', 'status'), /host +waiting +- +- +@hourly \(host\)/);
  assert.equal((await state('none'))?.state, 'none');
  // Twice what was missed, of which one stays.
  for (let round = 0; round < 2; round++) {
    await away(2, line);
    await waitFor(
      'the one that was missed',
      async () => ((await state('own'))?.last?.ageSeconds ?? 999) < 900,
      60_000,
    );
    await waitFor(
      'that of the host',
      async () => ((await state('host'))?.last?.ageSeconds ?? 999) < 900,
      60_000,
    );
  }
  await waitFor(
    'what is not kept',
    async () => (await world.client.backups.list({ domain: 'own' })).length === 1,
  );
  assert.equal((await world.client.backups.list({ domain: 'host' })).length, 2);
  assert.deepEqual(await world.client.backups.list({ domain: 'none' }), []);
  assert.match(await ctvirt('backup', 'status', 'own'), /own +ok +\S+Z +\d+ (s|min) +@hourly /);

  // The repository is gone when the next one is due.
  renameSync(repository(), `${repository()}.away`);
  await away(2, line);
  await waitFor('the failure', async () => (await state('own'))?.state === 'failed', 60_000);
  const told = await world.cli(['backup', 'status', 'own']);
  assert.equal(told.status, 19);
  assert.match(told.stdout, /own +failed [\s\S]*own: \S+Z: .*there is no repository/);
  assert.match(await ctvirt('job', 'list', '--all'), /own +backup +failed/);
  renameSync(`${repository()}.away`, repository());
  await ctvirt('backup', 'own');
  assert.equal((await state('own'))?.state, 'ok');
  await ctvirt('backup', 'own', '--schedule', 'host');
  assert.doesNotMatch(await ctvirt('dumpxml', 'own'), /schedule/);
  await useRepositories(['default', 'second']);
});

test('a daemon that is killed while it backs up what runs lets it go on, and leaves nothing', async () => {
  await world.run(domainXml({ name: 'big', filesystems: [templateRoot] }));
  await world.shell('big', 'dd if=/dev/urandom of=/large bs=1M count=200 2>/dev/null');
  const backing = world.cli(['backup', 'big']);
  while (locks() === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  await world.kill();
  await backing;
  await world.start();
  assert.deepEqual((await world.client.check.list()).stray, []);
  assert.deepEqual(readdirSync(`${world.root}/lib/roots`), ['big']);
  assert.equal(await world.shell('big', 'echo goes on'), 'goes on');
  await ctvirt('backup', 'big');
});
