// Disk limits of running domains: raised, lowered, passed for a while, and what refuses is the kernel.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { after, afterEach, before, test } from 'node:test';
import { domainXml } from '../world/documents.js';
import { waitFor } from '../world/wait.js';
import { busybox, refused, World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(() => world.clear());
after(() => world.close());

const MiB = 2 ** 20;
const limited = (name: string, { inodes = '' } = {}) =>
  domainXml({
    name,
    type: 'openvz',
    filesystems: [
      `<filesystem type='template'><source name='${busybox}'/><target dir='/'/><space_hard_limit unit='MiB'>64</space_hard_limit>${inodes}</filesystem>`,
    ],
  });
const set = (
  domain: string,
  values: Record<string, string>,
  where: { live?: boolean; stored?: boolean } = {},
) => world.client.domains.setParameters({ domain, body: { values, ...where } });
const parameter = async (domain: string, key: string, inactive = false) =>
  (await world.client.domains.parameters({ domain, inactive })).find((row) => row.key === key)?.value;
const root = async (domain: string) =>
  (await world.client.quota.show({ domain })).filesystems[0] ?? assert.fail('no root');

/** Writes so many MiB and tells how many there was room for. */
async function roomFor(domain: string, mebibytes: number, file = '/file'): Promise<number> {
  await world.exec(
    domain,
    '/bin/sh',
    '-c',
    `dd if=/dev/zero of=${file} bs=64k count=${mebibytes * 16}; sync`,
  );
  return Number(await world.shell(domain, `stat -c %s ${file}`)) / MiB;
}

/** ext4 grows while it is mounted for nobody else. */
const mayGrow =
  (BigInt(`0x${/^CapEff:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]}`) >> 24n) & 1n;

test('what a root holds and may hold, running and off', async () => {
  await world.run(limited('640'));
  const before = await root('640');
  assert.deepEqual([before.space.hard, before.space.soft, before.inodes.hard], [64 * MiB, null, null]);
  await roomFor('640', 10);
  const grown = ((await root('640')).space.used ?? 0) - (before.space.used ?? 0);
  assert.ok(Math.abs(grown / MiB - 10) < 1, `${grown} bytes more`);
  assert.equal((await root('640')).inodes.used, (before.inodes.used ?? 0) + 1);
  const running = await root('640');
  await world.client.domains.destroy({ domain: '640' });
  const off = await root('640');
  assert.ok(Math.abs((off.space.used ?? 0) - (running.space.used ?? 0)) < MiB);
  assert.equal(off.inodes.used, running.inodes.used);
  const { stdout } = await world.cli(['quota', '640', '--how']);
  assert.match(stdout, /^ \/ +- +space +1\d MiB +- +64 MiB +- +an ext4 image of its own$/m);
});

test('no limit: a folder of the host, which nobody counts, is looked through for who asks', async () => {
  await world.run(domainXml({ name: 'free' }));
  await waitFor('what it holds', async () => (await root('free')).space.used !== null);
  const { space, inodes, how } = await root('free');
  assert.deepEqual([space.hard, inodes.used], [null, null]);
  assert.equal(space.used, (await world.client.domains.info({ domain: 'free' })).disk.usedBytes);
  assert.match(how, /not limited/);
});

test('0 and unlimited are no limit: a domain made so has none, and one made with a limit keeps that', async () => {
  await world.run(limited('zero').replace(/(<space_hard_limit).*(?=<\/space_hard_limit>)/, '$1>0'));
  const { space, how } = await root('zero');
  assert.deepEqual([space.hard, /not limited/.test(how)], [null, true]);
  await world.define(limited('653'));
  for (const none of ['0', 'unlimited']) {
    const { message } = await refused('exists', set('653', { diskspace: none }, { stored: true }));
    assert.match(message, /made with disk limits/);
    await set('zero', { diskspace: none, diskinodes: none });
  }
  await world.client.domains.start({ domain: '653' });
  await refused('unsupported', set('653', { diskspace: '0' }, { live: true }));
  assert.equal((await root('653')).space.hard, 64 * MiB);
});

test('lowered and raised again while it runs, and kept by the next start', async () => {
  await world.run(limited('641'));
  await set('641', { diskspace: '40M' }, { live: true, stored: true });
  const room = await roomFor('641', 64);
  assert.ok(room > 35 && room <= 40, `${room} MiB`);
  await set('641', { diskspace: '60M' });
  assert.ok((await roomFor('641', 64)) > 50);
  // What is there already stays, whatever the limit.
  await set('641', { diskspace: '45M' });
  assert.equal(await roomFor('641', 1, '/more'), 0);
  assert.equal((await root('641')).space.hard, 45 * MiB);
  await world.client.domains.destroy({ domain: '641' });
  await world.client.domains.start({ domain: '641' });
  await world.shell('641', 'rm /file');
  const kept = await roomFor('641', 64);
  assert.ok(kept > 35 && kept <= 40, `${kept} MiB`);
});

test('beyond the size of the image: grown where this host may, else refused whole; the next start grows it', async () => {
  await world.run(limited('642'));
  const grow = set('642', { diskspace: '128M' }, { live: true, stored: true });
  if (mayGrow) {
    await grow;
    assert.ok((await roomFor('642', 120)) > 110);
  } else {
    assert.match((await refused('denied', grow)).message, /CAP_SYS_RESOURCE/);
    for (const inactive of [false, true])
      assert.equal(await parameter('642', 'DISKSPACE', inactive), '65536:65536');
    assert.equal((await root('642')).space.hard, 64 * MiB);
    await set('642', { diskspace: '128M' }, { stored: true });
  }
  await world.client.domains.destroy({ domain: '642' });
  await world.client.domains.start({ domain: '642' });
  assert.ok((await roomFor('642', 120)) > 110);
  assert.equal((await root('642')).space.hard, 128 * MiB);
});

test('to less than half only at a start, and not to less than it holds', async () => {
  await world.run(limited('643'));
  const image = `${world.root}/lib/roots/643/root.img`;
  await roomFor('643', 30);
  const error = await refused('unsupported', set('643', { diskspace: '20M' }, { live: true, stored: true }));
  assert.match(error.message, /half/);
  assert.equal(await parameter('643', 'DISKSPACE', true), '65536:65536');
  await set('643', { diskspace: '20M' }, { stored: true });
  await world.client.domains.destroy({ domain: '643' });
  assert.match(
    (await refused('no-space', world.client.domains.start({ domain: '643' }))).message,
    /root\.img/,
  );
  await set('643', { diskspace: '64M' }, { stored: true });
  await world.client.domains.start({ domain: '643' });
  await world.shell('643', 'rm /file');
  await set('643', { diskspace: '20M' }, { stored: true });
  await world.client.domains.destroy({ domain: '643' });
  await world.client.domains.start({ domain: '643' });
  assert.ok((await stat(image)).size < 32 * MiB);
  const room = await roomFor('643', 40);
  assert.ok(room > 12 && room <= 20, `${room} MiB`);
});

test('who limits a root to less than it holds is told, by a definition and by a change, running and off', async () => {
  const codes = async (mebibytes: number): Promise<string[]> => {
    const { findings } = await world.define(limited('654').replace('>64<', `>${mebibytes}<`));
    return findings.map(({ code }) => code);
  };
  await world.run(limited('654'));
  await roomFor('654', 30);
  for (const off of [false, true]) {
    if (off) await world.client.domains.destroy({ domain: '654' });
    assert.deepEqual(await codes(20), ['over-limit']);
    assert.deepEqual(await codes(64), []);
    const { stderr } = await world.cli(['set', '654', '--diskspace', '20M', '--config']);
    assert.match(stderr, /'\/' holds 3\d{7} bytes already, more than its limit of 20971520/);
    assert.doesNotMatch((await world.cli(['set', '654', '--diskspace', '64M', '--config'])).stderr, /holds/);
  }
});

test('inodes are fixed when the image is made', async () => {
  await world.run(limited('644', { inodes: "<quota type='inodes' max='2000'/>" }));
  assert.equal((await root('644')).inodes.hard, 2000);
  for (const live of [true, false])
    await refused(
      live ? 'unsupported' : 'exists',
      set('644', { diskinodes: '3000' }, { live, stored: !live }),
    );
  assert.equal(await parameter('644', 'DISKINODES'), '2000:2000');
});

test('a soft limit may be passed for as long as the grace, whichever daemon counts it', async () => {
  await world.run(limited('645'));
  await set('645', { diskspace: '40M:60M', quotatime: '3600' }, { live: true, stored: true });
  assert.equal(await roomFor('645', 45), 45);
  const over = await root('645');
  assert.equal(over.space.state, 'over');
  assert.match((await world.cli(['quota', '645'])).stdout, /until \d{4}-/);
  await world.kill();
  await world.start();
  assert.equal((await root('645')).space.graceEnds, over.space.graceEnds);
  await world.client.domains.destroy({ domain: '645' });
  await world.client.domains.start({ domain: '645' });
  assert.equal((await root('645')).space.graceEnds, over.space.graceEnds);

  await set('645', { quotatime: '0' });
  assert.equal((await root('645')).space.state, 'expired');
  assert.equal(await roomFor('645', 1, '/more'), 0, 'no more above the soft limit');
  await world.shell('645', 'rm /file /more');
  assert.equal((await root('645')).space.state, 'within');
  assert.equal(await roomFor('645', 50), 50, 'up to the hard limit again');
});

test('limits of single users: refused by name where the file system does not count them, recorded in documents', async () => {
  const inDocument = `<filesystem type='template'><source name='${busybox}'/><target dir='/'/><quota type='size' uid='500' max='5' unit='MiB'/></filesystem>`;
  await world.run(domainXml({ name: 'many', filesystems: [inDocument] }));
  await world.run(limited('646'));
  const { owners, ownersHow } = await root('many');
  const told = owners.find(({ kind, id }) => kind === 'user' && id === 500);
  assert.equal(told?.space.hard, 5 * MiB);
  const quotas = (domain: string, live: boolean) =>
    world.client.quota.setOwner({
      domain,
      body: { kind: 'user', id: 600, space: '1G', live, stored: !live },
    });
  // An image counts nobody on any host; a folder of the host does where its file system was mounted so.
  for (const live of [true, false])
    assert.match((await refused('unsupported', quotas('646', live))).message, /folder of the host/);
  assert.equal(told.enforced, !ownersHow.includes('did not enforce'));
  const shown = (await world.cli(['quota', 'many'])).stdout;
  assert.match(
    shown,
    told.enforced ? /user 500 +space .*5\.0 MiB +-/ : /user 500 +space .*5\.0 MiB \(recorded\)/,
  );
  if (told.enforced) return void (await quotas('many', true));
  assert.match((await refused('unsupported', quotas('many', true))).message, /usrquota/);
  assert.match(world.log, /domain 'many': limits of its users are not enforced: .*usrquota/);
  const { status, stderr } = await world.cli(['quota', 'many', '--user', '600', '--space', '1G', '--config']);
  assert.notEqual(status, 0);
  assert.match(stderr, /usrquota/);
  assert.doesNotMatch(await world.client.domains.xml({ domain: 'many', inactive: true }), /600/);
});

test('an image with many inodes grows by all that its limit says', async () => {
  await world.run(limited('647', { inodes: "<quota type='inodes' max='100000'/>" }));
  const available = async (): Promise<number> => {
    const [blocks = 0, size = 0] = (await world.shell('647', "stat -f -c '%a %S' /")).split(' ').map(Number);
    return (blocks * size) / MiB;
  };
  const made = await available();
  await world.client.domains.destroy({ domain: '647' });
  await set('647', { diskspace: '400M' });
  await world.client.domains.start({ domain: '647' });
  const grown = await available();
  assert.ok(grown > 400 - (64 - made) - 8 && grown <= 400, `${made} of 64 MiB, then ${grown} of 400`);
  if (!mayGrow) return;
  await set('647', { diskspace: '900M' }, { live: true });
  const raised = await available();
  assert.ok(raised > 900 - (64 - made) - 16 && raised <= 900, `${raised} of 900`);
});

test('a limit larger than a file can be is refused by name, and a smaller one starts again', async () => {
  await world.define(limited('650'));
  await set('650', { diskspace: '99999T' });
  const { message } = await refused('no-space', world.client.domains.start({ domain: '650' }));
  assert.match(message, /File too large; ask for less/);
  await set('650', { diskspace: '64M' });
  await world.client.domains.start({ domain: '650' });
});

test('who defines limits of users is told what nobody will keep of them, and only then', async () => {
  const user = "<quota type='size' uid='500' max='1000000' unit='bytes'/>";
  const { findings } = await world.define(limited('648', { inodes: user }));
  assert.deepEqual(
    findings.map(({ severity, code, path }) => [severity, code, path]),
    [['warning', 'not-enforced', '/domain/devices/filesystem/quota']],
  );
  assert.match(findings[0]?.message ?? '', /only in a folder of the host without a limit/);
  assert.deepEqual((await world.define(limited('649'))).findings, []);
});
