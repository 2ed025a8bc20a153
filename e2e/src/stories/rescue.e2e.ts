// A domain that does not come up is reached all the same: its root on the host, or a shell in the place of its init.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../world/command.js';
import { domainXml, templateRoot } from '../world/documents.js';
import { waitFor } from '../world/wait.js';
import { busybox, refused, World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(() => world.clear());
after(() => world.close());

const limited = `<filesystem type='template'><source name='${busybox}'/><target dir='/'/><space_hard_limit unit='MiB'>40</space_hard_limit></filesystem>`;
const mounted = async (domain: string): Promise<string> => {
  const { status, stdout, stderr } = await world.cli(['mount', domain]);
  assert.equal(status, 0, stderr);
  return stdout.trimEnd();
};
const umounted = async (domain: string): Promise<void> => {
  const { status, stderr } = await world.cli(['umount', domain]);
  assert.equal(status, 0, stderr);
};

for (const [what, root] of [
  ['a folder', templateRoot],
  ['an image', limited],
] as const)
  test(`the root of a domain on ${what} is shown with the owners that its files have inside`, async () => {
    const name = 'broken';
    await world.run(domainXml({ name, filesystems: [root] }));
    await world.shell(
      name,
      'echo hers >/root/hers; chown 1000:1000 /root/hers; cp /bin/busybox /root/suid; chmod 4755 /root/suid',
    );
    await refused('wrong-state', world.client.domains.mountRoot({ domain: name }));
    await world.client.domains.destroy({ domain: name });
    const where = await mounted(name);
    assert.equal(await mounted(name), where, 'again it is where it was');
    const path = world.enclosure.path(where);
    assert.equal(readFileSync(`${path}/root/hers`, 'utf8'), 'hers\n');
    assert.deepEqual([statSync(`${path}/root/hers`).uid, statSync(`${path}/bin/busybox`).uid], [1000, 0]);
    writeFileSync(`${path}/root/ours`, 'ours');
    mkdirSync(`${path}/root/folder`);
    writeFileSync(`${path}/root/for-her`, '');
    chownSync(`${path}/root/for-her`, 1000, 1000);
    writeFileSync(`${path}/etc/motd`, 'repaired');
    const options = readFileSync(world.enclosure.mountInfo, 'utf8')
      .split('\n')
      .find((line) => line.includes(where));
    assert.match(options ?? '', /\bnosuid\b.*\bnodev\b/);
    const error = await refused('in-use', world.client.domains.start({ domain: name }));
    assert.match(error.message, /is mounted on the host at .*: `ctvirt umount broken` first/);
    await refused('in-use', world.client.domains.undefine({ domain: name, storage: true }));
    await refused('in-use', world.client.domains.pull({ domain: name, open: { path: '/etc/motd' } }));
    await refused(
      'in-use',
      world.client.domains.push({ domain: name, open: { path: '/root/', form: 'file', name: 'theirs' } }),
    );
    const pulled = await world.cli(['pull', name, '/etc/motd', '-']);
    assert.match(pulled.stderr, /is mounted on the host at .*: `ctvirt umount broken` first/);
    await world.define(domainXml({ name: 'gone', filesystems: [root] }));
    await world.client.domains.undefine({ domain: 'gone' });
    await refused('in-use', world.client.roots.adopt({ root: 'gone~1', body: { domain: name } }));
    await world.client.roots.erase({ root: 'gone~1' });
    await world.kill();
    await world.start();
    await refused('in-use', world.client.domains.start({ domain: name }));
    const { stray, owned } = await world.client.check.list();
    assert.deepEqual(stray, []);
    assert.ok(
      owned.some(({ kind, what: held, owner }) => kind === 'mount' && held === where && owner === name),
    );
    await umounted(name);
    assert.ok(!existsSync(where));
    await world.client.domains.start({ domain: name });
    assert.equal(
      await world.shell(
        name,
        'cat /root/ours /etc/motd; stat -c %u:%g /root/ours /root/folder /root/for-her /root/hers',
      ),
      'oursrepaired0:0\n0:0\n1000:1000\n1000:1000',
    );
  });

test('while a program of the host is in there it stays', async () => {
  await world.define(domainXml({ name: 'busy' }));
  const path = await mounted('busy');
  const inside = world.enclosure.run(['/bin/sh', '-c', `cd ${path} && touch in-there && sleep 2`]);
  await waitFor('it to be in there', () => existsSync(`${world.enclosure.path(path)}/in-there`));
  const { stderr } = await world.cli(['umount', 'busy']);
  assert.match(stderr, /is in use by programs of the host: `fuser -vm /);
  await inside;
  await umounted('busy');
  await refused('wrong-state', world.client.domains.unmountRoot({ domain: 'busy' }));
});

test('a daemon that is killed while it mounts leaves the root mounted or not, and nothing else', async () => {
  const name = 'killed';
  await world.define(domainXml({ name, filesystems: [limited] }));
  for (let round = 0; round < 8; round++) {
    const mounting = world.client.domains.mountRoot({ domain: name }).catch(() => undefined);
    await sleep(4 + 12 * round);
    await world.kill();
    await mounting;
    await world.start();
    const { stray, owned } = await world.client.check.list();
    assert.deepEqual(stray, [], `round ${round}`);
    if (owned.some(({ kind, owner }) => kind === 'mount' && owner === name)) await umounted(name);
    else await refused('wrong-state', world.client.domains.unmountRoot({ domain: name }));
  }
  await world.client.domains.start({ domain: name });
});

test('what somebody has put among its folders keeps the daemon from nothing', async () => {
  await world.run(domainXml({ name: 'goes-on' }));
  await world.define(domainXml({ name: 'off' }));
  const path = await mounted('off');
  await refused('wrong-state', world.client.domains.mountRoot({ domain: 'goes-on' }));
  const own = [
    'lib/domains',
    'lib/roots',
    'lib/networks',
    'lib/filters',
    'lib/templates',
    'lib/consoles',
  ].concat([
    'run/domains',
    'run/networks',
    'run/mnt',
    'run/roots',
    'run/lxcfs',
    'run/ended-links',
    'run/lent-links',
  ]);
  await world.kill();
  for (const folder of own) {
    writeFileSync(`${world.root}/${folder}/notes.txt`, 'not for a daemon\n');
    symlinkSync('/nowhere', `${world.root}/${folder}/link`);
  }
  for (const folder of ['run/roots', 'run/mnt', 'run/networks']) {
    mkdirSync(`${world.root}/${folder}/folder/below`, { recursive: true });
    writeFileSync(`${world.root}/${folder}/folder/below/notes.txt`, '');
  }
  await world.start();
  assert.match(await world.state('goes-on'), /^running/);
  await world.enclosure.run(['/bin/mount', '-t', 'tmpfs', 'tmpfs', `${path}/tmp`]);
  const { stderr } = await world.cli(['umount', 'off']);
  assert.match(stderr, new RegExp(`is in use by what is mounted at ${path}/tmp: `));
  await world.enclosure.run(['/bin/umount', `${path}/tmp`]);
  await umounted('off');
  await world.client.domains.start({ domain: 'off' });
  await world.kill();
  for (const folder of own)
    for (const name of ['notes.txt', 'link', 'folder'])
      rmSync(`${world.root}/${folder}/${name}`, { force: true, recursive: true });
  await world.start();
});

test('files that carry the ids of an idmap of their own are shown by those inside, too', async () => {
  const folder = `${world.host}/shifted`;
  await run(['cp', '-a', `${world.root}/lib/templates/${busybox}/rootfs`, folder]);
  const tree = existsSync(folder) ? folder : assert.fail('no tree to copy');
  await run(['/bin/sh', '-c', `chown -hR 700000:700000 ${tree}`]);
  const map =
    "<idmap><uid start='0' target='700000' count='1000'/><gid start='0' target='700000' count='1000'/></idmap>";
  const root = `<filesystem type='mount'><source dir='${tree}'/><target dir='/'/></filesystem>`;
  await world.define(domainXml({ name: 'own', filesystems: [root], more: map }));
  const path = world.enclosure.path(await mounted('own'));
  assert.equal(lstatSync(`${path}/bin`).uid, 0);
  writeFileSync(`${path}/made`, '');
  assert.equal(statSync(`${tree}/made`).uid, 700_000);
  await umounted('own');
});

test('an init that does not come up: a shell in its place, the definition as it was, and the next start as any', async () => {
  const name = 'stuck';
  await world.define(
    domainXml({
      name,
      program: ['/bin/sh', '-c', 'cat /etc/needed || exit 3; sleep infinity'],
      more: '<on_crash>restart</on_crash>',
    }),
  );
  const before = await world.client.domains.xml({ domain: name });
  const { domains } = world.client;
  await domains.start({ domain: name, rescue: true });
  assert.match(await domains.xml({ domain: name }), /<init>\/bin\/sh<\/init>/);
  assert.equal(await domains.xml({ domain: name, inactive: true }), before);
  const console = await domains.console({ domain: name, open: { columns: 80, rows: 24 } });
  let text = '';
  console.stdout.on('data', (chunk: Buffer) => (text += String(chunk)));
  console.stdin.write("echo needed >/etc/needed; echo pid $$ d''one\n");
  await waitFor('the shell to answer', () => /pid 1 done/.test(text));
  await world.kill();
  await world.start();
  const again = await world.client.domains.console({ domain: name, open: { columns: 80, rows: 24 } });
  again.stdout.resume();
  again.stdin.write('exit 5\n');
  await world.waitForState(name, 'shutoff (crashed)');
  again.close();
  assert.equal((await world.client.domains.info({ domain: name })).lastEnd?.how, 'init ended with status 5');
  await world.client.domains.start({ domain: name });
  assert.equal(await world.shell(name, 'cat /etc/needed'), 'needed');
  assert.equal(await world.client.domains.xml({ domain: name, inactive: true }), before);
});

test('the command line attaches to the shell, and leaves the domain running when its input ends', async () => {
  await world.define(domainXml({ name: 'cli' }));
  const { status, stdout, stderr } = await world.cli(['start', 'cli', '--rescue'], {
    input: "echo he''re\n",
  });
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^Domain 'cli' started, with \/bin\/sh for its init\n/);
  assert.match(stdout, /here/);
  assert.equal(await world.state('cli'), 'running (booted)');
  const { domains } = world.client;
  assert.equal((await domains.info({ domain: 'cli' })).rescue, true);
  await refused('wrong-state', domains.reboot({ domain: 'cli' }));
  await domains.shutdown({ domain: 'cli', waitMs: 10_000 });
  assert.equal(await world.state('cli'), 'shutoff (destroyed)');
  await domains.start({ domain: 'cli' });
  assert.equal((await domains.info({ domain: 'cli' })).rescue, false);
});
