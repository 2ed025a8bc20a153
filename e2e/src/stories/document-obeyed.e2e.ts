// What a document asks for besides is done: options of mounts, one file, static routes, devices of the host.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { after, afterEach, before, test } from 'node:test';
import { domainXml, templateRoot } from '../world/documents.js';
import { refused, World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(() => world.clear());
after(() => world.close());

const ram = (options: string): string =>
  `<filesystem type='ram'><source usage='8' units='MiB' options='${options}'/><target dir='/s'/></filesystem>`;
const mount = (source: string, target: string, options = '', more = ''): string =>
  `<filesystem type='mount'><source dir='${source}'${options && ` options='${options}'`}/><target dir='${target}'/>${more}</filesystem>`;

/** The options of what is mounted there, as the container reads them. */
const optionsAt = (domain: string, target: string): Promise<string> =>
  world.shell(domain, `awk '$2 == "${target}" { print $4 }' /proc/mounts`);

test('memory has the options, the size and the number of files that its document gives it', async () => {
  const filesystems = [templateRoot, ram('noexec,noatime,mode=0750,uid=33,nr_inodes=100')];
  const domain = await world.run(domainXml({ name: 'memory', filesystems }));
  const options = (await optionsAt(domain, '/s')).split(',');
  for (const option of [
    'rw',
    'noexec',
    'noatime',
    'nosuid',
    'nodev',
    'size=8192k',
    'mode=750',
    'nr_inodes=100',
  ])
    assert.ok(options.includes(option), `${option} of ${options}`);
  assert.equal(await world.shell(domain, 'stat -c %u:%g /s'), '33:0');
  await world.shell(domain, 'cp /bin/busybox /s/echo');
  assert.equal((await world.exec(domain, '/s/echo', 'x')).status, 126);
  const closed = await world.run(domainXml({ name: 'closed', filesystems: [templateRoot, ram('ro')] }));
  assert.notEqual((await world.exec(closed, '/bin/touch', '/s/x')).status, 0);
  const { message } = await refused(
    'invalid',
    world.define(domainXml({ name: 'odd', filesystems: [templateRoot, ram('bogus')] })),
  );
  assert.match(message, /memory has no mount option 'bogus'/);
});

test("a second view of a container's own folder or file has options of its own", async () => {
  const bind = (source: string, target: string, options: string): string =>
    `<filesystem type='bind'><source dir='${source}' options='${options}'/><target dir='${target}'/></filesystem>`;
  const filesystems = [
    templateRoot,
    bind('/bin', '/again', 'noexec'),
    bind('/bin/busybox', '/one/busybox', 'ro'),
  ];
  const domain = await world.run(domainXml({ name: 'views', filesystems }));
  assert.equal((await world.exec(domain, '/again/busybox', 'true')).status, 126);
  assert.equal(await world.shell(domain, '/one/busybox echo seen'), 'seen');
  assert.notEqual((await world.exec(domain, '/bin/sh', '-c', 'echo >> /one/busybox')).status, 0);
});

test('a mount in another one is seen, of whatever kind the two are and in whatever order they are written', async () => {
  const given = `${world.host}/given`;
  await mkdir(given);
  await writeFile(`${given}/here`, '', { mode: 0o644 });
  const domain = await world.run(
    domainXml({
      name: 'within',
      filesystems: [
        templateRoot,
        mount(given, '/s/in'),
        ram('mode=0755'),
        "<filesystem type='bind'><source dir='/s/in'/><target dir='/view'/></filesystem>",
        mount(given, '/view/deep'),
      ],
    }),
  );
  for (const place of ['/s/in', '/view', '/view/deep'])
    assert.equal(await world.shell(domain, `ls ${place} | grep here`), 'here', place);
});

test('noatime and its kin are obeyed of a folder, and of the root', async () => {
  const folder = `${world.host}/data`;
  await mkdir(folder);
  const root = templateRoot.replace("<source name='busybox'", "<source name='busybox' options='noatime'");
  const filesystems = [root, mount(folder, '/s', 'noatime,noexec'), mount(folder, '/t', 'strictatime')];
  const domain = await world.run(domainXml({ name: 'times', filesystems }));
  assert.match(await optionsAt(domain, '/s'), /(^|,)noatime(,|$)/);
  assert.match(await optionsAt(domain, '/s'), /(^|,)noexec(,|$)/);
  assert.doesNotMatch(await optionsAt(domain, '/t'), /relatime|noatime/);
  assert.match(await optionsAt(domain, '/'), /(^|,)noatime(,|$)/);
  const odd = templateRoot.replace("<source name='busybox'", "<source name='busybox' options='bogus'");
  const { message } = await refused('invalid', world.define(domainXml({ name: 'odd', filesystems: [odd] })));
  assert.match(message, /a template has no mount option 'bogus'/);
});

test('one file of the host stands in the place of a file', async () => {
  const [conf, plain] = [`${world.host}/app.conf`, `${world.host}/plain.conf`];
  await writeFile(conf, 'first\n', { mode: 0o644 });
  await writeFile(plain, 'plain\n', { mode: 0o644 });
  const filesystems = [
    templateRoot,
    mount(conf, '/etc/deep/app.conf', '', '<readonly/>'),
    mount(plain, '/etc/motd'),
  ];
  const domain = await world.run(domainXml({ name: 'file', filesystems }));
  assert.equal(await world.shell(domain, 'cat /etc/deep/app.conf /etc/motd'), 'first\nplain');
  await writeFile(conf, 'second\n');
  assert.equal(await world.shell(domain, 'cat /etc/deep/app.conf'), 'second');
  assert.notEqual((await world.exec(domain, '/bin/sh', '-c', 'echo x > /etc/deep/app.conf')).status, 0);
  await world.shell(domain, 'echo mine > /etc/motd; chown 7:7 /etc/motd');
  assert.equal((await world.enclosure.output('stat', '-c', '%u:%g', plain)).trim(), '7:7');
  await refused('invalid', world.run(domainXml({ name: 'root', filesystems: [mount(conf, '/')] })));
});

const route = (network: string, prefix: number, gateway: string, more = ''): string =>
  `<route address='${network}' prefix='${prefix}' gateway='${gateway}'${more}/>`;

test('static routes are there when init begins', async () => {
  await world.enclosure.output('ip', 'link', 'add', 'br-e2e', 'type', 'bridge');
  try {
    const bridged = (...routes: string[]): string =>
      `<interface type='bridge'><source bridge='br-e2e'/><ip address='10.78.0.2' prefix='24'/><ip address='2001:db8:78::2' prefix='64'/>${routes.join('')}</interface>`;
    const program = ['/bin/sh', '-c', 'ip route > /routes; ip -6 route >> /routes; exec sleep 1000'];
    const interfaces = [
      bridged(
        route('0.0.0.0', 0, '10.78.0.1'),
        route('10.99.0.0', 16, '10.78.0.1', " metric='7'"),
        "<route address='10.98.0.0' netmask='255.255.0.0' gateway='10.78.0.9'/>",
        route('2001:db8:99::', 48, '2001:db8:78::1'),
      ),
    ];
    const domain = await world.run(domainXml({ name: 'ways', program, interfaces }));
    const routes = await world.shell(domain, 'cat /routes');
    assert.match(routes, /^default via 10\.78\.0\.1 dev eth0/m);
    assert.match(routes, /^10\.99\.0\.0\/16 via 10\.78\.0\.1 dev eth0 .*metric 7/m);
    assert.match(routes, /^10\.98\.0\.0\/16 via 10\.78\.0\.9 dev eth0/m);
    assert.match(routes, /^2001:db8:99::\/48 via 2001:db8:78::1 dev eth0/m);
    await world.erase(domain);
    const lost = bridged(route('10.99.0.0', 16, '10.55.0.1'));
    await refused('invalid', world.define(domainXml({ name: 'lost', interfaces: [lost] })));
  } finally {
    await world.enclosure.output('ip', 'link', 'delete', 'br-e2e');
  }
});

const device = (path: string): string =>
  `<hostdev mode='capabilities' type='misc'><source><char>${path}</char></source></hostdev>`;

test('a character device of the host is there for its root, and nothing else of the host is', async () => {
  const interfaces = [device('/dev/net/tun'), device('/dev/fuse'), device('/dev/null')];
  const domain = await world.run(domainXml({ name: 'devices', interfaces }));
  assert.equal(
    await world.shell(domain, 'stat -c "%F %u %t:%T" /dev/net/tun'),
    'character special file 0 a:c8',
  );
  await world.shell(domain, 'tunctl -t vpn0 && ip link set vpn0 up && ip link show vpn0');
  await world.shell(domain, 'dd if=/dev/fuse of=/dev/null count=0');
  const { message } = await refused(
    'not-found',
    world.run(domainXml({ name: 'missing', interfaces: [device('/dev/none-of-ours')] })),
  );
  assert.match(message, /\/dev\/none-of-ours/);
  for (const path of ['/etc/passwd', '/dev', '/dev/shm/x'])
    await refused('invalid', world.define(domainXml({ name: 'odd', interfaces: [device(path)] })));
});
