// Whose ids the files of a domain have on disk: the container's own, or, of earlier versions, those of its range on the host.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { after, afterEach, before, test } from 'node:test';
import { domainXml, templateRoot } from '../world/documents.js';
import { asEarlier } from '../world/earlier-layers.js';
import { busybox, World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(() => world.clear());
after(() => world.close());

const ctvirt = async (...words: string[]): Promise<string> => (await world.ctvirt(...words)).trimEnd();
const idsOf = async (domain: string) => (await world.client.domains.info({ domain })).idMap;
const firstOf = async (domain: string): Promise<number> => (await idsOf(domain))?.start ?? assert.fail();
const limited = `<filesystem type='template'><source name='${busybox}'/><target dir='/'/><space_hard_limit unit='MiB'>40</space_hard_limit></filesystem>`;

const work =
  'echo hers >/root/hers; chown 1000:100 /root/hers; chmod 4755 /root/hers; rm /etc/passwd; mkdir /srv/mine';
const check = "stat -c '%u:%g %a' /root/hers; ls /etc/passwd 2>/dev/null; stat -c %u /srv/mine";
const expected = '1000:100 4755\n0';

/** Mounted on the host, and exported: by the numbers of the container. */
async function assertShown(domain: string): Promise<void> {
  await world.look(domain, (path) => {
    assert.deepEqual([statSync(`${path}/root/hers`).uid, statSync(`${path}/bin/busybox`).uid], [1000, 0]);
    assert.ok(!existsSync(`${path}/etc/passwd`));
  });
  const archive = `${world.host}/${domain}.tar`;
  await ctvirt('export', domain, archive);
  const unpacked = `${world.host}/${domain}.unpacked`;
  mkdirSync(unpacked);
  execFileSync('tar', ['-C', unpacked, '-xf', archive]);
  const blobs = readdirSync(`${unpacked}/blobs/sha256`).map((blob) => `${unpacked}/blobs/sha256/${blob}`);
  // The one that is no description.
  const [layer = ''] = blobs.filter((blob) => statSync(blob).size > 10_000);
  const listed = execFileSync('tar', ['--numeric-owner', '-tvzf', layer], { encoding: 'utf8' });
  for (const path of [archive, unpacked]) rmSync(path, { recursive: true });
  assert.match(listed, /^-rwsr-xr-x 1000\/100 .* \.?\/?root\/hers$/m);
}

for (const [what, root] of [
  ['a folder', templateRoot],
  ['an image', limited],
] as const) {
  test(`a domain on ${what} that an earlier version made runs, is mounted and exported as before`, async () => {
    const name = 'earlier';
    const uuid = '0f7ab6ee-6a3b-4b8c-9a55-30b1b1e1c0df';
    const xml = domainXml({ name, filesystems: [root], more: `<uuid>${uuid}</uuid>` });
    await world.define(xml);
    await asEarlier(world, name);
    const ids = await idsOf(name);
    await world.client.domains.start({ domain: name });
    await world.shell(name, work);
    await world.client.domains.destroy({ domain: name });
    if (root === templateRoot)
      assert.equal(
        lstatSync(`${world.root}/lib/roots/${name}/root.layer/upper/root/hers`).uid,
        (await firstOf(name)) + 1000,
      );
    await assertShown(name);
    await world.stop();
    await world.start();
    await world.client.domains.start({ domain: name });
    assert.equal(await world.shell(name, check), expected);
    await world.client.domains.destroy({ domain: name });
    // Its files carry its ids: nobody else gets these, and who has the files has them.
    assert.match((await world.cli(['undefine', name])).stderr, /kept as root 'earlier~1', and its ids with/);
    await world.define(domainXml({ name: 'other' }));
    assert.notDeepEqual(await idsOf('other'), ids);
    await world.define(xml);
    assert.deepEqual(await idsOf(name), ids);
    await world.client.domains.start({ domain: name });
    assert.equal(await world.shell(name, check), expected);
  });

  test(`a new one on ${what} has the same files under other ids, and is shown the same`, async () => {
    const name = 'new';
    const uuid = '1f7ab6ee-6a3b-4b8c-9a55-30b1b1e1c0df';
    const xml = domainXml({ name, filesystems: [root], more: `<uuid>${uuid}</uuid>` });
    await world.run(xml);
    const ids = await idsOf(name);
    await world.shell(name, work);
    await world.client.domains.destroy({ domain: name });
    if (root === templateRoot)
      assert.equal(lstatSync(`${world.root}/lib/roots/${name}/root.layer/upper/root/hers`).uid, 1000);
    await assertShown(name);
    assert.doesNotMatch((await world.cli(['undefine', name])).stderr, /its ids/);
    await world.define(xml);
    assert.notDeepEqual(await idsOf(name), ids);
    await world.client.domains.start({ domain: name });
    assert.equal(await world.shell(name, check), expected);
    await world.client.domains.destroy({ domain: name });
    // A map of its own, where its files would have been another's before.
    const map = ['uid', 'gid'].map((kind) => `<${kind} start='0' target='3000000' count='65536'/>`).join('');
    await world.define(xml.replace('</uuid>', `</uuid><idmap>${map}</idmap>`));
    await world.client.domains.start({ domain: name });
    assert.equal(await world.shell(name, check), expected);
  });
}

test('a setuid program that a container leaves on the disk of the host is no local user’s to run', async () => {
  const name = 'setuid';
  await world.run(domainXml({ name }));
  await world.shell(name, 'cp /bin/busybox /root/who; chmod 4755 /root/who; chmod 777 /root');
  const path = `${world.root}/lib/roots/${name}/root.layer/upper/root/who`;
  const { uid, mode } = lstatSync(path);
  assert.deepEqual(
    [uid, mode & 0o7777],
    [0, 0o4755],
    'it is root’s on the host: that nobody reaches it is the wall',
  );
  // By a shell: setpriv itself has its rights until it runs something.
  const asNobody = (program: string) =>
    spawnSync(
      'setpriv',
      ['--reuid', '65534', '--regid', '65534', '--clear-groups', 'sh', '-c', `exec ${program} -u`],
      { encoding: 'utf8' },
    );
  assert.equal(asNobody('id').stdout, '65534\n');
  assert.match(asNobody(path).stderr, /Permission denied/);
  assert.equal(statSync(`${world.root}/lib/roots`).mode & 0o777, 0o700);
  await world.client.domains.destroy({ domain: name });
  const mounted = world.enclosure.path(await ctvirt('mount', name));
  assert.match(asNobody(`${mounted}/root/who`).stderr, /Permission denied/);
  const there = readFileSync(world.enclosure.mountInfo, 'utf8')
    .split('\n')
    .find((line) => line.includes(mounted.slice(mounted.indexOf(world.root))));
  assert.match(there ?? '', /\bnosuid\b.*\bnodev\b/);
  await ctvirt('umount', name);
});
