// A customer's container in one line: made of a template without XML, changed in words while it runs, with others at a time.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { after, afterEach, before, test } from 'node:test';
import { domainXml } from '../world/documents.js';
import { busybox, World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(() => world.clear());
after(() => world.close());

/** Runs ctvirt, which has to end well. */
async function ctvirt(line: string): Promise<string> {
  const { status, stdout, stderr } = await world.cli(line.split(' '));
  assert.equal(status, 0, `${line}: ${stderr}`);
  return stdout;
}

test('one line makes a domain that has all that was said', async () => {
  const shared = `${world.host}/www`;
  await mkdir(shared, { mode: 0o755 });
  await writeFile(`${shared}/index.html`, 'hello\n');
  const line =
    `create web --template ${busybox} --ip 10.77.3.5 --ip fd77:3::5 --hostname www.example.org ` +
    `--nameserver 10.77.0.1 --searchdomain example.org --ram 64M --disk 64M --numproc 50 --mount ${shared}:/srv/www:ro`;
  assert.match(await ctvirt(`${line} --dry-run`), /^<domain type='lxc'>/);
  assert.equal((await world.cli(['domstate', 'web'])).status, 3, 'a dry run makes nothing');
  assert.equal(await ctvirt(`${line} --autostart --start`), "Domain 'web' created and started\n");
  assert.match(await world.shell('web', 'ip addr show eth0'), /inet 10\.77\.3\.5[\s\S]*inet6 fd77:3::5/);
  assert.equal(await world.shell('web', 'cat /etc/hostname /srv/www/index.html'), 'www.example.org\nhello');
  assert.match(
    await world.shell('web', 'echo x > /srv/www/y || true; cat /etc/resolv.conf'),
    /nameserver 10\.77\.0\.1/,
  );
  const { maxProcesses } = await world.client.domains.info({ domain: 'web' });
  assert.equal(maxProcesses, 50);
  const taken = await world.cli(line.split(' '));
  assert.deepEqual([taken.status, taken.stderr], [4, "error: domain 'web' is already defined\n"]);
  await ctvirt('destroy web');
  await ctvirt('undefine web');
  const kept = await world.cli(line.split(' '));
  assert.equal(kept.status, 0, kept.stderr);
  assert.match(kept.stderr, /its root is new: that of an earlier domain 'web'/);
  const [root] = await world.client.roots.list();
  await ctvirt(`root erase ${root?.name ?? ''}`);
  await ctvirt('undefine web --storage');
});

test('what is there is changed in words, the running one and the next', async () => {
  await ctvirt(`create web --template ${busybox} --ip 10.77.3.5 --start`);
  await ctvirt('set web --ipadd 10.77.3.6 --ipadd fd77:3::6 --ram 48M --save');
  // This kernel may be without what keeps a rate.
  await ctvirt('set web --rate 8mbit --config');
  const addresses = () => world.shell('web', 'ip addr show eth0');
  assert.match(await addresses(), /10\.77\.3\.5[\s\S]*10\.77\.3\.6[\s\S]*fd77:3::6/);
  await ctvirt('set web --ipdel 10.77.3.5 --live');
  assert.doesNotMatch(await addresses(), /10\.77\.3\.5/);
  const stored = await world.client.domains.xml({ domain: 'web', inactive: true });
  for (const part of ["'10.77.3.5'", "'10.77.3.6'", "average='1000'", 'fd77:3::6'])
    assert.ok(stored.includes(part), part);
  const refused = await world.cli(['set', 'web', '--mount-add', '/nosuch:/mnt', '--ipdel', 'all', '--save']);
  assert.notEqual(refused.status, 0, 'there is no such directory');
  assert.match(await addresses(), /10\.77\.3\.6/, 'all of it or nothing');
  const folder = `${world.host}/shared`;
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}/file`, 'shared\n');
  await ctvirt(`set web --mount-add ${folder}:/mnt:ro --save`);
  assert.equal(await world.shell('web', 'cat /mnt/file'), 'shared');
  await ctvirt('set web --mount-del /mnt --save');
  assert.equal(await world.shell('web', 'ls /mnt'), '');
});

test('a device of the host is handed over while it runs, and taken back', async () => {
  await ctvirt(`create web --template ${busybox} --start`);
  assert.equal(
    await ctvirt('set web --device-add /dev/fuse --save'),
    "Domain 'web': with /dev/fuse (now and after its next start)\n",
  );
  assert.equal(await world.shell('web', 'ls /dev/fuse'), '/dev/fuse');
  assert.equal((await world.cli(['set', 'web', '--device-add', '/dev/fuse', '--save'])).status, 4);
  assert.equal(
    (await world.cli(['set', 'web', '--device-add', '/dev/nosuch', '--live'])).status === 0,
    false,
  );
  await ctvirt('set web --device-del /dev/fuse --save');
  assert.notEqual((await world.exec('web', 'ls', '/dev/fuse')).status, 0);
  assert.equal((await world.cli(['set', 'web', '--device-del', '/dev/fuse', '--save'])).status, 3);
});

test('many are made, started, and ended in one call each', async () => {
  const names = Array.from({ length: 5 }, (_, at) => `many-${at}`);
  const begun = performance.now();
  for (const name of names) await ctvirt(`create ${name} --template ${busybox}`);
  const made = performance.now();
  await ctvirt('start --all');
  const started = performance.now();
  console.log(`# 5 made in ${Math.round(made - begun)} ms, started in ${Math.round(started - made)} ms`);
  for (const name of names) assert.equal(await world.state(name), 'running (booted)');
  const { status, stdout, stderr } = await world.cli(['destroy', 'many-0', 'nosuch', 'many-1']);
  assert.deepEqual(
    [status, stdout, stderr],
    [
      3,
      "Domain 'many-0' destroyed\nDomain 'many-1' destroyed\n",
      "error: no domain has the name, UUID or id 'nosuch'\n",
    ],
  );
  assert.equal((await ctvirt('destroy --all')).trim().split('\n').length, 3);
});

test('a password and a key are there at the first start, and are set while it runs', async () => {
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIF joe@example';
  const file = `${world.host}/id.pub`;
  await writeFile(file, `# mine\n${key}\n`);
  await ctvirt(`create web --template ${busybox} --password first --ssh-key ${file} --start`);
  const shadow = () => world.shell('web', 'cat /etc/shadow; stat -c "%a %u %g" /etc/shadow');
  const keys = () =>
    world.shell('web', 'cd /root; cat .ssh/authorized_keys; stat -c "%a %u" .ssh .ssh/authorized_keys');
  const before = await shadow();
  const now = new Date();
  const day = Math.trunc(now.getTime() / 86_400_000);
  assert.match(before, new RegExp(`^root:\\$6\\$[^:]+:${day}::::::\\ndaemon:\\*:19000:`));
  assert.match(before, /600 0 0$/);
  assert.equal(await keys(), `${key}\n700 0\n600 0`);
  const record = await readFile(`${world.root}/lib/domains/web/record.json`, 'utf8');
  assert.ok(!record.includes('$6$'), 'what is set waits no more');
  assert.equal(await ctvirt('set web --userpasswd root:second'), "Domain 'web': password of root\n");
  const after = await shadow();
  assert.match(after, /^root:\$6\$/);
  assert.notEqual(after.split(':')[1], before.split(':')[1]);
  assert.equal(after.replace(/\$6\$[^:]+/, ''), before.replace(/\$6\$[^:]+/, ''), 'nothing else differs');
  // Lists as they may be: a user without a line in the one, passwordless in the other, and no end to the last line.
  await world.shell(
    'web',
    'sed -i "s/^root:x:/root::/" /etc/passwd; printf "joe:x:1000:1000::/:/bin/sh" >> /etc/passwd; printf "eve:*:1:2:3:4:::" >> /etc/shadow',
  );
  await ctvirt('set web --userpasswd root:third --userpasswd joe:fourth');
  const lists = await world.shell('web', 'grep -E "root|joe|eve" /etc/passwd /etc/shadow');
  assert.deepEqual(
    lists
      .replace(/\$6\$[^:]+/g, 'HASH')
      .replaceAll(`:${day}:`, ':DAY:')
      .split('\n'),
    [
      '/etc/passwd:root:x:0:0:root:/root:/bin/sh',
      '/etc/passwd:joe:x:1000:1000::/:/bin/sh',
      '/etc/shadow:root:HASH:DAY::::::',
      '/etc/shadow:eve:*:1:2:3:4:::',
      '/etc/shadow:joe:HASH:DAY:0:99999:7:::',
    ],
  );
  await writeFile(file, `${key}\n${key}2\n`.replace(`${key}2`, key.replace('IF', 'IG')));
  await ctvirt(`set web --ssh-key ${file}`);
  assert.equal((await keys()).split('\n').filter((line) => line.startsWith('ssh-')).length, 2);
  assert.equal((await world.cli(['set', 'web', '--userpasswd', 'nobody-here:x'])).status, 14);
  await ctvirt('destroy web');
  await ctvirt('set web --userpasswd root:third --userpasswd lost:x');
  const started = await world.cli(['start', 'web']);
  assert.equal(started.status, 0);
  assert.match(started.stderr, /the password of 'lost' is not set: its \/etc\/passwd has no user 'lost'/);
  assert.notEqual((await shadow()).split(':')[1], after.split(':')[1]);
});

test('on a full disk inside nothing changes, and nothing half is left', async () => {
  const file = `${world.host}/id.pub`;
  await writeFile(file, 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIF joe@example\n');
  await ctvirt(`create web --template ${busybox} --disk 24M --start`);
  await world.shell('web', 'mkdir /root/.ssh; cp /etc/shadow /tmp; cp /etc/hostname /tmp');
  // To the last block, and each piece of it.
  await world.shell(
    'web',
    'for size in 64k 1k; do dd if=/dev/zero of=/full$size bs=$size 2>/dev/null; done; :',
  );
  for (const change of ['--userpasswd root:x', `--ssh-key ${file}`, '--hostname other --live'])
    assert.notEqual((await world.cli(`set web ${change}`.split(' '))).status, 0, change);
  assert.equal(await world.shell('web', 'cmp /etc/shadow /tmp/shadow; cmp /etc/hostname /tmp/hostname'), '');
  assert.equal(await world.shell('web', 'ls -A /root/.ssh; ls -A /etc | grep "[.]new" || :'), '');
});

test('a root that is not written to has no password set, and the start says so', async () => {
  const root = `<filesystem type='template'><source name='${busybox}'/><target dir='/'/><readonly/></filesystem>`;
  await world.define(domainXml({ name: 'fixed', filesystems: [root] }));
  await ctvirt('set fixed --userpasswd root:first');
  const { status, stderr } = await world.cli(['start', 'fixed']);
  assert.deepEqual(
    [status, /passwords and SSH keys are not set: .*/.exec(stderr)?.[0]],
    [0, 'passwords and SSH keys are not set: its root is not to be written to'],
  );
});

test('names change while it runs, for its programs at once', async () => {
  await ctvirt(`create web --template ${busybox} --nameserver 10.77.0.1 --start`);
  const names = () => world.shell('web', 'cat /proc/sys/kernel/hostname /etc/hostname /etc/resolv.conf');
  assert.equal(await names(), 'web\nweb\nnameserver 10.77.0.1');
  await ctvirt(
    'set web --hostname shop.example.org --nameserver 10.77.0.2 --searchdomain example.org --save',
  );
  assert.equal(await names(), 'shop.example.org\nshop.example.org\nsearch example.org\nnameserver 10.77.0.2');
  assert.match(await world.shell('web', 'cat /etc/hosts'), /^127\.0\.1\.1\tshop\.example\.org shop$/m);
  assert.equal((await world.client.domains.summary({ domain: 'web' })).hostname, 'shop.example.org');
  await ctvirt('suspend web');
  assert.equal((await world.cli(['set', 'web', '--hostname', 'other', '--live'])).status, 7);
  await ctvirt('set web --hostname other --config');
  await ctvirt('resume web');
  // What is no file, or a large one, is left, as by a start.
  await world.shell('web', 'yes "192.0.2.1 nobody" | head -n 100000 >/etc/hosts');
  const sum = () => world.shell('web', 'md5sum /etc/hosts');
  const before = await sum();
  await ctvirt('set web --hostname shop2 --live');
  assert.equal(await sum(), before);
  await ctvirt('set web --hostname shop.example.org --live');
  // Its own files are in the way: nothing changes.
  await world.shell('web', 'mkdir /etc/resolv.conf.new');
  assert.notEqual((await world.cli(['set', 'web', '--nameserver', '10.77.0.9', '--live'])).status, 0);
  assert.match(await names(), /^shop[\s\S]*10\.77\.0\.2$/);
});

test('a root with cloud-init has its seed, and any other none', async () => {
  await ctvirt(`create web --template ${busybox} --ip 10.77.3.5 --start`);
  assert.equal(await world.shell('web', 'ls /var/lib'), '');
  await world.shell('web', 'mkdir /etc/cloud');
  await ctvirt('destroy web');
  await ctvirt('start web');
  const { uuid } = await world.client.domains.summary({ domain: 'web' });
  assert.equal(
    await world.shell(
      'web',
      'cd /var/lib/cloud/seed/nocloud; cat meta-data network-config; stat -c "%u %a" meta-data',
    ),
    `instance-id: ${uuid}\nlocal-hostname: "web"\nconfig: disabled\n0 600`,
  );
});
