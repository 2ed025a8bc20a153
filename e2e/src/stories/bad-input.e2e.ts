// What goes wrong is told once, in words that help, with a code and an exit status that stay; and nothing is left behind.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { type ErrorCode, errorTable } from '@ctvirt/api';
import { output, run } from '../world/command.js';
import { domainXml, templateRoot } from '../world/documents.js';
import { assertUnchanged } from '../world/wait.js';
import { cliProgram, daemonProgram, refused, World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
  // What the refused ones ask for and cannot have.
  const more = '<uuid>11111111-2222-4333-8444-555555555555</uuid>';
  await world.define(domainXml({ name: '150', type: 'openvz', more, interfaces: [address('192.168.8.1')] }));
});
after(async () => {
  await world.erase('150');
  await world.close();
});

const address = (ip: string) => `<interface type='ethernet'><ip address='${ip}'/></interface>`;
const withRoot = (filesystem: string) => domainXml({ name: 'bad', filesystems: [filesystem] });
const good = domainXml({ name: 'bad' });

interface Case {
  readonly title: string;
  readonly xml: string;
  readonly code: ErrorCode;
  /** What the one message must name. */
  readonly names: RegExp;
}

const documents: readonly Case[] = [
  { title: 'no XML at all', xml: 'name=bad', code: 'invalid', names: /1:\d+/ },
  { title: 'an empty file', xml: '', code: 'invalid', names: /empty|1:\d/ },
  { title: 'XML cut off', xml: good.slice(0, 60), code: 'invalid', names: /\d+:\d+/ },
  { title: 'a wrong end tag', xml: good.replace('</os>', '</so>'), code: 'invalid', names: /<?\/?so>?/ },
  {
    title: 'an entity of its own',
    xml: `<!DOCTYPE domain [<!ENTITY a SYSTEM 'file:///etc/shadow'>]>${good.replace('>bad<', '>&a;<')}`,
    code: 'invalid',
    names: /DOCTYPE/,
  },
  { title: 'another document', xml: '<network><name>n</name></network>', code: 'invalid', names: /network/ },
  {
    title: 'an unknown domain type',
    xml: good.replace("type='lxc'", "type='kvm'"),
    code: 'unsupported',
    names: /kvm/,
  },
  { title: 'no name', xml: good.replace('<name>bad</name>', ''), code: 'invalid', names: /name/ },
  {
    title: 'a name without end',
    xml: good.replace('>bad<', `>${'x'.repeat(300)}<`),
    code: 'invalid',
    names: /name/,
  },
  {
    title: 'an unknown file system type',
    xml: withRoot("<filesystem type='tape'><source dir='/tmp'/><target dir='/'/></filesystem>"),
    code: 'invalid',
    names: /tape/,
  },
  {
    title: 'a file system without source',
    xml: withRoot("<filesystem type='template'><target dir='/'/></filesystem>"),
    code: 'invalid',
    names: /source/,
  },
  {
    title: 'a file system without target',
    xml: withRoot(templateRoot.replace("<target dir='/'/>", '')),
    code: 'invalid',
    names: /target/,
  },
  {
    title: 'no file system for the root',
    xml: withRoot(templateRoot.replace("dir='/'", "dir='/mnt'")),
    code: 'invalid',
    names: /root|'\/'/,
  },
  {
    title: 'no file system at all',
    xml: domainXml({ name: 'bad', filesystems: [] }),
    code: 'invalid',
    names: /root|'\/'/,
  },
  {
    title: 'a target that is no absolute path',
    xml: domainXml({
      name: 'bad',
      filesystems: [templateRoot, "<filesystem><source dir='/tmp'/><target dir='etc'/></filesystem>"],
    }),
    code: 'invalid',
    names: /'etc'/,
  },
  {
    title: 'an unknown template',
    xml: withRoot(templateRoot.replace('busybox', 'none')),
    code: 'not-found',
    names: /'none'/,
  },
  {
    title: 'an unknown profile',
    xml: domainXml({ name: 'bad', type: 'openvz', more: '<profile>no.such</profile>' }),
    code: 'not-found',
    names: /no\.such/,
  },
  {
    title: 'no address',
    xml: domainXml({ name: 'bad', interfaces: [address('192.168.8.256')] }),
    code: 'invalid',
    names: /192\.168\.8\.256/,
  },
  {
    title: 'a limit too small for a file system',
    xml: withRoot(
      templateRoot.replace('</filesystem>', "<space_hard_limit unit='KiB'>1</space_hard_limit></filesystem>"),
    ),
    code: 'invalid',
    names: /small/,
  },
  {
    title: 'memory that holds no program',
    xml: domainXml({ name: 'bad', more: "<memory unit='KiB'>4</memory>" }),
    code: 'invalid',
    names: /4 KiB of memory/,
  },
  {
    title: 'a UUID in use',
    xml: domainXml({ name: 'bad', more: '<uuid>11111111-2222-4333-8444-555555555555</uuid>' }),
    code: 'exists',
    names: /UUID 11111111-.*'150'/,
  },
  {
    title: 'a name in use',
    xml: domainXml({
      name: '150',
      type: 'openvz',
      more: '<uuid>99999999-2222-4333-8444-555555555555</uuid>',
    }),
    code: 'exists',
    names: /'150' is already defined/,
  },
  {
    title: 'an address in use',
    xml: domainXml({ name: 'bad', interfaces: [address('192.168.8.1')] }),
    code: 'exists',
    names: /address 192\.168\.8\.1 .*'150'/,
  },
];

for (const { title, xml, code, names } of documents)
  test(`${title}: ${code}`, async () => {
    const before = await world.everything();
    const { status, stdout, stderr } = await world.cli(['define', '-'], { input: xml });
    assert.equal(status, errorTable[code].exitStatus, stderr);
    assert.equal(stdout, '');
    assertOneMessage(stderr);
    assert.match(stderr, names);
    await refused(code, world.client.domains.define({ body: xml }));
    await refused(code, world.client.domains.define({ body: xml, transient: true }));
    await assertUnchanged(before, () => world.everything());
  });

/** One `error:`, no stack, no errno, no fault of ours. */
function assertOneMessage(stderr: string): void {
  assert.equal(stderr.match(/^error: /gm)?.length, 1, stderr);
  assert.doesNotMatch(stderr, /^\s+at \S+ \(|internal error|has a fault|\bE[A-Z]{3,}\b: /m);
}

test('what does not exist is not found, by whatever verb', async () => {
  for (const verb of [
    'start',
    'shutdown',
    'reboot',
    'destroy',
    'suspend',
    'resume',
    'undefine',
    'dumpxml',
    'dominfo',
  ]) {
    const { status, stderr } = await world.cli([verb, 'nobody']);
    assert.equal(status, errorTable['not-found'].exitStatus, verb);
    assertOneMessage(stderr);
    assert.match(stderr, /nobody/);
  }
  const { stderr } = await world.cli(['template', 'info', 'nobody']);
  assert.match(stderr, /there is no template 'nobody'; known are busybox/);
});

test('a folder or an image of the host that is not there: the start says so and leaves nothing', async () => {
  const sources = [
    "<filesystem><source dir='/no/such'/>",
    "<filesystem type='file'><source file='/no/such'/>",
  ];
  for (const source of sources) {
    await world.define(withRoot(`${source}<target dir='/'/></filesystem>`));
    const before = await world.everything();
    const { status, stderr } = await world.cli(['start', 'bad']);
    assert.equal(status, errorTable['not-found'].exitStatus, stderr);
    assertOneMessage(stderr);
    assert.match(stderr, /\/no\/such/);
    await assertUnchanged(before, () => world.everything());
    await world.erase('bad');
  }
});

test('what is not possible in the present state is told so', async () => {
  for (const verb of ['shutdown', 'reboot', 'destroy', 'suspend', 'resume']) {
    const { status, stderr } = await world.cli([verb, '150']);
    assert.equal(status, errorTable['wrong-state'].exitStatus, `${verb}: ${stderr}`);
    assertOneMessage(stderr);
  }
});

test('a template in use is not removed, one that exists not made again', async () => {
  await refused('in-use', world.client.templates.remove({ template: 'busybox' }));
  await refused(
    'exists',
    world.client.templates.build({ template: 'busybox', body: { distribution: 'busybox' } }),
  );
  await refused('not-found', world.client.templates.remove({ template: 'none' }));
});

test('an archive that is none: refused, nothing kept', async () => {
  const before = await world.everything();
  const path = `${world.host}/archive.tar`;
  await writeFile(path, randomBytes(100_000));
  const { status, stderr } = await world.cli(['template', 'import', 'bad', path]);
  assert.equal(status, errorTable.unsupported.exitStatus, stderr);
  assertOneMessage(stderr);
  const missing = await world.cli(['template', 'import', 'bad', `${world.host}/none.tar`]);
  assert.equal(missing.status, errorTable['not-found'].exitStatus, missing.stderr);
  assertOneMessage(missing.stderr);
  await assertUnchanged(before, () => world.everything());
});

test('not root: neither the daemon nor its socket', async () => {
  // Somebody who may read the programs wherever they lie, root's own folder included, and nothing more.
  const mayRead = ['inh-caps', 'ambient-caps', 'bounding-set'].map((set) => `--${set}=-all,+dac_read_search`);
  const asNobody = (...argv: readonly string[]) =>
    run(
      [
        '/usr/bin/setpriv',
        '--reuid=65534',
        '--regid=65534',
        '--clear-groups',
        ...mayRead,
        process.execPath,
        ...argv,
      ],
      {
        env: { CTVIRT_ROOT: world.root },
      },
    );
  const daemon = await asNobody(daemonProgram, '--root', '/tmp/cv-of-nobody');
  assert.equal(daemon.status, 1);
  assert.match(daemon.stderr, /needs to be root: start it with sudo/);
  const client = await asNobody(cliProgram, 'list');
  assert.equal(client.status, 15);
  assertOneMessage(client.stderr);
  assert.match(client.stderr, /sudo/);
});

test('a second daemon for the same root is refused, and the first goes on', async () => {
  const second = await world.enclosure.run([process.execPath, daemonProgram, '--root', world.root]);
  assert.equal(second.status, 1);
  assert.match(second.stderr, /another ctvirtd already serves/);
  assert.equal((await world.client.domains.list()).length, 1);
});

test('a kernel without loop devices: a domain with a disk limit does not start, one without does', async () => {
  const limit = "<space_hard_limit unit='M'>16</space_hard_limit></filesystem>";
  await world.define(
    domainXml({ name: 'limited', filesystems: [templateRoot.replace('</filesystem>', limit)] }),
  );
  await world.define(domainXml({ name: 'plain' }));
  const before = await world.everything();
  // Another /dev, with what every program needs and nothing else.
  const devices = `${world.host}/dev`;
  await mkdir(devices);
  await world.enclosure.output('mount', '-t', 'tmpfs', 'devices', devices);
  for (const name of ['null', 'zero', 'full', 'random', 'urandom', 'tty', 'ptmx', 'pts', 'shm'])
    await world.enclosure.output('cp', '-a', `/dev/${name}`, devices);
  await world.enclosure.output('mount', '--rbind', '/dev/pts', `${devices}/pts`);
  await world.stop();
  await world.enclosure.output('mount', '--rbind', devices, '/dev');
  try {
    await world.start();
    const error = await refused('unsupported', world.client.domains.start({ domain: 'limited' }));
    assert.match(error.message, /loop devices/);
    assert.equal((await world.client.domains.summary({ domain: 'limited' })).state, 'shutoff');
    await world.client.domains.start({ domain: 'plain' });
    await world.client.domains.destroy({ domain: 'plain' });
  } finally {
    await world.stop();
    // The one on top and what is below that; `--recursive` of util-linux 2.41 takes those beneath it too.
    for (const folder of ['/dev/pts', '/dev', `${devices}/pts`, devices])
      await world.enclosure.output('umount', folder);
    await world.start();
  }
  await assertUnchanged(before, () => world.everything());
  await world.client.domains.start({ domain: 'limited' });
  await world.erase('limited', 'plain');
});

test('the documented exit statuses', async () => {
  const help = await output([process.execPath, cliProgram, 'help']);
  for (const [code, { exitStatus }] of Object.entries(errorTable))
    assert.match(help, new RegExp(`^\\s*${exitStatus}\\b`, 'm'), code);
});
