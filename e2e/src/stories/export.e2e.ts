// A container that is off becomes an image: its template and what it has changed in one tree, with owners and links as it sees them.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { after, afterEach, before, test } from 'node:test';
import { domainXml, templateRoot } from '../world/documents.js';
import { virsh } from '../world/doors.js';
import { busybox, refused, World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(() => world.clear());
after(() => world.close());

const ctvirt = (...words: string[]): Promise<string> => world.ctvirt(...words);

/** What a domain has made of its template. */
const work = `
  set -e
  umask 022
  mkdir /srv/work && cd /srv/work
  echo hers >hers && chown 1000:100 hers && chmod 4750 hers
  ln hers again && ln -s /etc/group link
  truncate -s 8M hole && echo end >>hole
  mkfifo pipe && mkdir -m 1777 open && touch "open/with a blank"
  echo dot >.dot
  rm /etc/passwd
  rm -r /root; mkdir /root; echo new >/root/only
`;

/** Each file of a tree, with all that is to be as it was; folders that a start mounts on are nobody's. */
function described(root: string): string[] {
  const format = '%P|%y|%m|%U|%G|%l|%n|%T@|';
  const found = execFileSync('find', [root, '-mindepth', '1', '-printf', `${format}%s\n`], {
    encoding: 'utf8',
  });
  const lines = found.split('\n').map((line) => {
    const fields = line.split('|');
    // A folder's own length is its file system's, and times are kept to the second.
    if (fields[1] === 'd') fields.splice(6);
    else fields[7] = String(Math.floor(Number(fields[7])));
    const [path = '', kind] = fields;
    const contents =
      kind === 'f' ? execFileSync('sha256sum', { input: readFileSync(`${root}/${path}`) }) : '';
    return `${fields.join('|')} ${contents}`;
  });
  const capable = execFileSync('getcap', ['-r', root], { encoding: 'utf8' }).replaceAll(root, '');
  // What only one system may have is taken out at import.
  return [...lines, ...capable.split('\n')]
    .filter((line) => !/^(?:etc\/(?:machine-id|ssh)|var\/lib\/dbus)/.test(line))
    .sort();
}

for (const [what, root] of [
  ['a folder', templateRoot],
  [
    'an image',
    `<filesystem type='template'><source name='${busybox}'/><target dir='/'/><space_hard_limit unit='MiB'>40</space_hard_limit></filesystem>`,
  ],
] as const)
  test(`a domain on ${what} is written file by file, as OCI and as LXC have it`, async () => {
    const name = 'shop';
    await world.run(domainXml({ name, filesystems: [root] }));
    await world.shell(name, work);
    await refused(
      'wrong-state',
      world.client.domains.exportRoot({ domain: name, body: { target: '/x.tar' } }),
    );
    await ctvirt('destroy', name);
    const before = await world.look(name, async (path) => {
      execFileSync('setcap', ['cap_net_raw+ep', `${path}/srv/work/again`]);
      // Two who mount one root do not see each other's changes.
      await refused('in-use', world.client.domains.exportRoot({ domain: name, body: { target: '/x.tar' } }));
      return described(path);
    });
    assert.ok(before.some((line) => line.includes('cap_net_raw')));
    for (const format of ['oci', 'lxc']) {
      const file = `${world.host}/${format}.tar`;
      await ctvirt('export', name, file, '--format', format);
      await ctvirt('template', 'import', format, file);
      await ctvirt('create', 'copy', '--template', format);
      assert.deepEqual(await world.look('copy', described), before);
      await ctvirt('start', 'copy', '--wait');
      assert.equal(await world.shell('copy', 'cat /srv/work/.dot; ls /root'), 'dot\nonly');
      await ctvirt('destroy', 'copy');
      await ctvirt('undefine', 'copy', '--storage');
      await ctvirt('template', 'remove', format);
      const again = await world.cli(['export', name, file]);
      assert.match(again.stderr, /there is a file .*: another name, or it goes first/);
      rmSync(file);
    }
    await ctvirt('start', name);
  });

test('what its document starts is what the image starts', async () => {
  const file = `${world.host}/web.tar`;
  await world.define(
    domainXml({ name: 'web', filesystems: [templateRoot] }).replace(
      /<init>.*<\/initarg>/,
      "<init>/bin/sh</init><initarg>-c</initarg><initarg>sleep 99</initarg><initenv name='A'>b c</initenv><initdir>/srv</initdir><inituser>33</inituser><initgroup>34</initgroup>",
    ),
  );
  await ctvirt('export', 'web', file);
  const layout = `${world.host}/layout`;
  mkdirSync(layout);
  execFileSync('tar', ['-C', layout, '-xf', file]);
  const [shown] = JSON.parse(readFileSync(`${layout}/manifest.json`, 'utf8'));
  const { config } = JSON.parse(readFileSync(`${layout}/${shown.Config}`, 'utf8'));
  assert.deepEqual(config, {
    Cmd: ['/bin/sh', '-c', 'sleep 99'],
    Env: ['A=b c'],
    WorkingDir: '/srv',
    User: '33:34',
  });
  assert.match(
    await ctvirt('create', 'other', '--oci', layout, '--dry-run'),
    /<init>\/bin\/sh<\/init>[\s\S]*<inituser>33<\/inituser>/,
  );
});

test('a daemon that is killed while it writes leaves the domain as it is, and its root to itself', async () => {
  const file = `${world.host}/killed.tar`;
  await world.define(domainXml({ name: 'killed', filesystems: [templateRoot] }));
  await world.look('killed', (path) => writeFileSync(`${path}/large`, Buffer.alloc(2 ** 26, 'x')));
  const exporting = world.cli(['export', 'killed', file]);
  await new Promise((resolve) => setTimeout(resolve, 700));
  await world.kill();
  await exporting;
  await world.start();
  assert.deepEqual((await world.client.check.list()).stray, []);
  assert.ok(!existsSync(file) || readFileSync(file).length < 2 ** 26);
  rmSync(file, { force: true });
  await ctvirt('start', 'killed');
});

test('an export is a job: seen, alone, and ended by whoever may', async () => {
  const file = `${world.host}/job.tar`;
  await world.define(domainXml({ name: 'jobs', filesystems: [templateRoot] }));
  await world.look('jobs', (path) =>
    execFileSync('dd', ['if=/dev/urandom', `of=${path}/large`, 'bs=1M', 'count=200', 'status=none']),
  );
  assert.match(await virsh(world, 'domjobinfo', 'jobs'), /None/);
  const none = await world.cli(['job', 'abort', 'jobs']);
  assert.match(none.stderr, /no job under way/);

  for (const end of [() => ctvirt('job', 'abort', 'jobs'), () => virsh(world, 'domjobabort', 'jobs')]) {
    const exporting = world.cli(['export', 'jobs', file, '--format', 'oci']);
    for (const deadline = performance.now() + 20_000; performance.now() < deadline; ) {
      const [job] = await world.client.jobs.list();
      if (job?.state === 'running' && (job.progress?.done ?? 0) > 0) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.match(await ctvirt('job', 'list'), /jobs +export +running/);
    const shown = await virsh(world, 'domjobinfo', 'jobs');
    assert.match(shown, /Unbounded/);
    assert.match(shown, /Dump/);
    const second = await world.cli(['export', 'jobs', `${world.host}/second.tar`]);
    assert.match(second.stderr, /has a job, export, since .*: pack/);
    await end();
    const ended = await exporting;
    assert.notEqual(ended.status, 0);
    assert.match(ended.stderr, /export of domain 'jobs': interrupted; nothing was kept/);
    assert.match(await ctvirt('job', 'info', 'jobs'), /State: +cancelled/);
    assert.equal(await ctvirt('job', 'list', '--json'), '[]\n');
    assert.match(await virsh(world, 'domjobinfo', 'jobs', '--completed'), /Cancelled/);
    assert.ok(!existsSync(file));
  }
  await ctvirt('export', 'jobs', file);
  assert.match(await virsh(world, 'domjobinfo', 'jobs', '--completed'), /Completed/);
  rmSync(file);
});
