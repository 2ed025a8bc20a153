// The file systems of the 2008 patch: every kind as a root and as a mount besides, with limits, options and read-only flag.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { after, afterEach, before, test } from 'node:test';
import { output } from '../world/command.js';
import { domainXml, templateRoot } from '../world/documents.js';
import { busybox, refused, World } from '../world/world.js';

let world: World;
/** What the paths of the samples stand for here: a folder, an image and a block device, each with a system in it. */
let place: { directory: string; image: string; device: string; data: string };

before(async () => {
  world = await World.open();
  const folder = world.host;
  place = {
    directory: `${folder}/directory`,
    image: `${folder}/file.img`,
    device: '',
    data: `${folder}/data`,
  };
  await output(['cp', '-a', `${world.root}/lib/templates/${busybox}/rootfs`, place.directory]);
  await mkdir(place.data);
  await writeFile(`${place.data}/greeting`, 'from the host\n', { mode: 0o644 });
  for (const image of [place.image, `${folder}/block.img`])
    await output(['mkfs.ext4', '-q', '-d', place.directory, image, '32M']);
  place.device = (await output(['losetup', '--find', '--show', `${folder}/block.img`])).trim();
});
afterEach(() => world.clear());
after(async () => {
  if (place.device !== '') await output(['losetup', '--detach', place.device]);
  await world.close();
});

/** The samples of the patch, paths aside. */
const samples = {
  mount: (target: string) =>
    `<filesystem type='mount'><source dir='${place.directory}'/><target dir='${target}'/></filesystem>`,
  template: (target: string) =>
    `<filesystem type='template'><source name='${busybox}'/><target dir='${target}'/></filesystem>`,
  file: (target: string) =>
    `<filesystem type='file'><source file='${place.image}'/><target dir='${target}'/></filesystem>`,
  block: (target: string) =>
    `<filesystem type='block'><source dev='${place.device}'/><target dir='${target}'/></filesystem>`,
};

for (const [kind, sample] of Object.entries(samples)) {
  test(`${kind} as the root`, async () => {
    const domain = await world.run(domainXml({ name: `root-${kind}`, filesystems: [sample('/')] }));
    assert.equal(await world.shell(domain, 'id -u; stat -c %u /bin/busybox'), '0\n0');
    await world.shell(domain, 'echo kept > /kept');
    await world.client.domains.destroy({ domain });
    await world.client.domains.start({ domain });
    assert.equal(await world.shell(domain, 'cat /kept; stat -c %u /kept; rm /kept'), 'kept\n0');
  });

  test(`${kind} as a mount besides the root`, async () => {
    const domain = await world.run(
      domainXml({ name: `more-${kind}`, filesystems: [sample('/home/web'), templateRoot] }),
    );
    assert.equal(await world.shell(domain, 'cat /home/web/etc/hostname'), 'busybox');
    await world.shell(domain, 'echo mine > /home/web/mine && rm /home/web/mine');
    assert.equal(await world.shell(domain, 'ls /bin/busybox'), '/bin/busybox');
  });

  test(`${kind}, read-only`, async () => {
    const readOnly = (target: string) => sample(target).replace('</filesystem>', '<readonly/></filesystem>');
    const domain = await world.run(
      domainXml({ name: `ro-${kind}`, filesystems: [readOnly('/'), readOnly('/home')] }),
    );
    for (const path of ['/new', '/home/new']) {
      const { status, stderr } = await world.exec(domain, 'touch', path);
      assert.notEqual(status, 0, path);
      assert.match(stderr, /Read-only file system/);
    }
  });
}

test('the type is mount where none is given', async () => {
  const domain = await world.run(
    domainXml({
      name: 'plain',
      filesystems: [
        templateRoot,
        `<filesystem><source dir='${place.data}'/><target dir='/data'/></filesystem>`,
      ],
    }),
  );
  assert.equal(await world.shell(domain, 'cat /data/greeting'), 'from the host');
});

test('mount options stand on the source', async () => {
  const domain = await world.run(
    domainXml({
      name: 'options',
      filesystems: [
        templateRoot,
        `<filesystem type='mount'><source dir='${place.data}' options='nosuid,nodev,noexec,ro'/><target dir='/a'/></filesystem>`,
        `<filesystem type='file'><source file='${place.image}' options='nosuid,nodev'/><target dir='/b'/></filesystem>`,
        `<filesystem type='template'><source name='${busybox}' options='nosuid,noexec'/><target dir='/c'/></filesystem>`,
      ],
    }),
  );
  const optionsOf = async (target: string) =>
    (await world.shell(domain, `grep ' ${target} ' /proc/mounts`)).split(' ')[3]?.split(',') ?? [];
  for (const [target, wanted] of [
    ['/a', ['nosuid', 'nodev', 'noexec', 'ro']],
    ['/b', ['nosuid', 'nodev', 'rw']],
    ['/c', ['nosuid', 'nodev', 'noexec', 'rw']],
  ] as const) {
    const found = await optionsOf(target);
    for (const option of wanted) assert.ok(found.includes(option), `${target} has ${found.join(',')}`);
  }
  await world.erase(domain);
  const unknown = domainXml({
    name: 'options',
    filesystems: [
      templateRoot,
      `<filesystem type='mount'><source dir='${place.data}' options='nosiud'/><target dir='/a'/></filesystem>`,
    ],
  });
  await world.define(unknown);
  await refused('unsupported', world.client.domains.start({ domain: 'options' }));
});

test('memory and a second view of a folder', async () => {
  const domain = await world.run(
    domainXml({
      name: 'inner',
      filesystems: [
        templateRoot,
        `<filesystem type='ram'><source usage='1024' units='KiB'/><target dir='/scratch'/></filesystem>`,
        `<filesystem type='bind'><source dir='/etc'/><target dir='/config'/><readonly/></filesystem>`,
      ],
    }),
  );
  assert.equal(
    await world.shell(domain, 'cat /config/hostname'),
    await world.shell(domain, 'cat /etc/hostname'),
  );
  const { status, stderr } = await world.exec(
    domain,
    'dd',
    'if=/dev/zero',
    'of=/scratch/full',
    'bs=1M',
    'count=2',
  );
  assert.notEqual(status, 0);
  assert.match(stderr, /No space left on device/);
  assert.match((await world.exec(domain, 'touch', '/config/new')).stderr, /Read-only file system/);
});

test('the quota tags of the thread: 10000 KiB and 200000 inodes', async () => {
  const domain = await world.run(
    domainXml({
      name: 'quota',
      filesystems: [
        templateRoot.replace(
          '</filesystem>',
          `<quota type="size" max="10000"/>
           <quota type="inodes" max="200000"/></filesystem>`,
        ),
      ],
    }),
  );
  const xml = await world.client.domains.xml({ domain, inactive: true });
  assert.match(
    xml,
    /<space_hard_limit unit='bytes'>10240000<|<quota type='size' max='10240000' unit='bytes'/,
  );
  assert.match(xml, /<quota type='inodes' max='200000'/);
  const { disk } = await world.client.domains.info({ domain });
  assert.ok(Math.abs((disk.limitBytes ?? 0) - 10_000 * 1024) < 500 * 1024, `${disk.limitBytes} bytes`);
  assert.ok(Math.abs((disk.limitInodes ?? 0) - 200_000) < 1000, `${disk.limitInodes} inodes`);
  const { status, stderr } = await world.exec(domain, 'dd', 'if=/dev/zero', 'of=/full', 'bs=1M', 'count=16');
  assert.notEqual(status, 0);
  assert.match(stderr, /No space left on device/);
});

test('init is /sbin/init where the document names none, and dumpxml shows it', async () => {
  const bare = `<domain type='lxc'><name>bare</name><devices>${templateRoot}</devices></domain>`;
  for (const xml of [domainXml({ name: 'bare', program: [] }), bare]) {
    const domain = await world.run(xml);
    assert.match(await world.client.domains.xml({ domain }), /<init>\/sbin\/init<\/init>/);
    assert.equal((await world.shell(domain, 'cat /proc/1/comm')).trim(), 'init');
    await world.erase(domain);
  }
  await world.assertClean();
});

test('files of a template stay as they were, whatever its containers do', async () => {
  const path = `${world.root}/lib/templates/${busybox}/rootfs/etc/hostname`;
  const before = await readFile(path, 'utf8');
  const domain = await world.run(domainXml({ name: 'writer' }));
  await world.shell(domain, 'echo changed > /etc/hostname; rm /etc/passwd');
  assert.equal(await readFile(path, 'utf8'), before);
});
