// Files in and out of containers: whole, with the owners they have inside, whether it runs or not, and never anything of the host's.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeSync,
} from 'node:fs';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { after, afterEach, before, test } from 'node:test';
import { ApiError } from '@ctvirt/api';
import type { ClientSession } from '@ctvirt/api/node';
import { output, run } from '../world/command.js';
import { domainXml, templateRoot } from '../world/documents.js';
import { assertUnchanged, waitFor } from '../world/wait.js';
import { cliProgram, refused, World } from '../world/world.js';

let world: World;
let here = '';
before(async () => {
  world = await World.open();
  here = `${world.host}/here`;
});
afterEach(async () => {
  await rm(here, { recursive: true, force: true });
  await world.clear();
});
after(() => world.close());

const limited = templateRoot.replace(
  '</filesystem>',
  "<space_hard_limit unit='M'>16</space_hard_limit></filesystem>",
);

/** Runs ctvirt, which must succeed without a word on stderr. */
async function ctvirt(...words: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await world.cli(words);
  assert.deepEqual([status, stderr], [0, ''], words.join(' '));
  return stdout;
}

/** A tree with all that can be in one. */
async function makeTree(folder: string): Promise<void> {
  await mkdir(`${folder}/deep/empty`, { recursive: true });
  await writeFile(`${folder}/plain`, 'plain\n');
  await writeFile(`${folder}/deep/large`, Buffer.alloc(3_000_001, 'x'));
  await writeFile(`${folder}/${'n'.repeat(150)}`, 'long name\n');
  await writeFile(`${folder}/ümlaut "and" $more`, 'odd\n');
  await symlink('../plain', `${folder}/deep/link`);
  await symlink('/etc/shadow', `${folder}/absolute`);
  await output(['ln', `${folder}/plain`, `${folder}/second`]);
  chmodSync(`${folder}/deep`, 0o750);
  chownSync(`${folder}/plain`, 33, 34);
  await output(['touch', '-d', '2001-02-03 04:05:06 UTC', `${folder}/plain`, `${folder}/deep/empty`]);
  await output(['touch', '-d', '1960-02-03 04:05:06 UTC', `${folder}/deep/large`, `${folder}/deep`]);
}

/** Names, kinds, modes, owners, times, targets and contents. */
function told(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const path = `${folder}/${name}`;
      const is = lstatSync(path);
      const content = is.isSymbolicLink()
        ? readlinkSync(path)
        : is.isFile()
          ? readFileSync(path, 'latin1').length
          : '';
      const time = is.isSymbolicLink() ? '' : Math.floor(is.mtimeMs / 1000);
      return `${name} ${is.isSymbolicLink() ? '' : is.mode.toString(8)} ${is.uid}:${is.gid} ${time} ${is.isFile() ? is.nlink : ''} ${content}`;
    });
}

for (const how of ['running', 'suspended', 'stopped'] as const)
  test(`a tree goes in and out of a ${how} container as it is, owners and all`, async () => {
    await mkdir(here);
    await makeTree(`${here}/tree`);
    const { domain } = await world.define(domainXml({ name: 'both', program: [] }));
    if (how !== 'stopped') await world.client.domains.start({ domain: domain.name });
    if (how === 'suspended') await world.client.domains.suspend({ domain: domain.name });
    await ctvirt('push', 'both', `${here}/tree`, '/root');
    await ctvirt('push', 'both', `${here}/tree`, '/srv-as-named');
    for (const path of ['/root/tree', '/srv-as-named']) {
      await ctvirt('pull', 'both', path, `${here}/back`);
      assert.deepEqual(told(`${here}/back`), told(`${here}/tree`));
      await rm(`${here}/back`, { recursive: true });
    }
    await ctvirt('push', 'both', `${here}/tree/plain`, '/root/file');
    await ctvirt('push', 'both', `${here}/tree/deep/large`, '/root');
    assert.equal(await ctvirt('pull', 'both', '/root/file', '-'), 'plain\n');
    await ctvirt('pull', 'both', '/root/large', here);
    assert.equal(lstatSync(`${here}/large`).size, 3_000_001);
    assert.equal(lstatSync(`${here}/large`).mtimeMs, lstatSync(`${here}/tree/deep/large`).mtimeMs);
    if (how === 'suspended') await world.client.domains.resume({ domain: 'both' });
    if (how === 'stopped') await world.client.domains.start({ domain: 'both' });
    assert.equal(
      await world.shell('both', 'cd /root; stat -c "%u:%g %a" file tree/deep/large; readlink tree/absolute'),
      '33:34 644\n0:0 644\n/etc/shadow',
    );
    assert.deepEqual(readdirSync(`${world.root}/run/mnt`), []);
  });

test('a tree that is packed before anybody reads it is there, too, whatever its files are called', async () => {
  const names = ['TEST[0]', 'core.a\\x20b', 'two\nlines', 'K\xf6ln', '-rf', 'name.'];
  await mkdir(`${here}/small`, { recursive: true });
  for (const name of names) await writeFile(Buffer.from(`${here}/small/${name}`, 'latin1'), name);
  await world.run(domainXml({ name: 'small' }));
  await ctvirt('push', 'small', `${here}/small`, '/root');
  await ctvirt('pull', 'small', '/root/small', `${here}/back`);
  assert.deepEqual(readdirSync(`${here}/back`, 'latin1').sort(), names.sort());
  await output(['diff', '-r', `${here}/small`, `${here}/back`]);
  const unread = await world.cli(['push', 'small', `${here}/none`, '/root']);
  assert.equal(unread.status, 1);
});

test('a large file is moved by the daemon itself, by what the client has open, and by nothing else', async () => {
  await mkdir(here);
  await output(['dd', 'if=/dev/urandom', `of=${here}/large`, 'bs=1M', 'count=8']);
  for (const how of ['running', 'stopped']) {
    const { domain } = await world.define(domainXml({ name: how }));
    if (how === 'running') await world.client.domains.start({ domain: domain.name });
    await ctvirt('push', how, `${here}/large`, '/root/large');
    await ctvirt('pull', how, '/root/large', `${here}/back`);
    assert.ok(readFileSync(`${here}/back`).equals(readFileSync(`${here}/large`)), how);
    await rm(`${here}/back`);
  }
  const { dev, ino } = lstatSync(`${here}/large`, { bigint: true });
  const own = openSync(`${here}/large`, 'r');
  const lent = { pid: process.pid, descriptor: own, device: String(dev), inode: String(ino) };
  const push = async (change: Partial<typeof lent>): Promise<number> => {
    const open = { path: '/root/lent', form: 'file' as const, lent: { ...lent, ...change } };
    const session = await world.client.domains.push({ domain: 'running', open });
    session.stdin.end();
    return await session.exited;
  };
  assert.equal(await push({}), 0);
  assert.equal(await world.shell('running', 'cmp /root/lent /root/large; echo $?'), '0');
  for (const change of [
    { inode: '1' },
    { device: '1' },
    { descriptor: 4711 },
    { pid: 1 },
    { pid: world.daemonPid },
  ])
    await refused('unsupported', push(change));
  closeSync(own);
  // Who passes the bytes of another on has no such file: they are sent.
  const proxy = createServer((client) => {
    const daemon = createConnection(world.socket);
    client.pipe(daemon).pipe(client);
    for (const end of [client, daemon]) end.on('error', () => end.destroy());
  });
  await new Promise<void>((resolve) => void proxy.listen(`${here}/proxy`, resolve));
  await ctvirt('--socket', `${here}/proxy`, 'push', 'running', `${here}/large`, '/root/sent');
  await ctvirt('--socket', `${here}/proxy`, 'pull', 'running', '/root/sent', `${here}/back`);
  assert.ok(readFileSync(`${here}/back`).equals(readFileSync(`${here}/large`)));
  proxy.close();
});

test('holes of files stay holes, whoever moves them', async () => {
  await mkdir(`${here}/tree`, { recursive: true });
  const sparse = `${here}/tree/sparse`;
  await output([
    'sh',
    '-c',
    `truncate -s 128M ${sparse}; echo middle | dd of=${sparse} seek=100000 conv=notrunc`,
  ]);
  await output(['truncate', '-s', '256M', sparse]);
  const many = openSync(`${here}/tree/many`, 'w');
  for (let at = 0; at < 100; at++) writeSync(many, 'stretch', at * 8192);
  closeSync(many);
  await output(['truncate', '-s', '3M', `${here}/tree/nothing`]);
  const same = async (path: string): Promise<void> => {
    for (const name of ['sparse', 'many', 'nothing']) {
      const [there, back] = [lstatSync(`${here}/tree/${name}`), lstatSync(`${path}/${name}`)];
      assert.deepEqual([back.size, back.blocks <= there.blocks], [there.size, true], name);
      await output(['cmp', `${here}/tree/${name}`, `${path}/${name}`]);
    }
  };
  for (const how of ['running', 'stopped']) {
    await world.define(domainXml({ name: how }));
    if (how === 'running') await world.client.domains.start({ domain: how });
    await ctvirt('push', how, `${here}/tree`, '/root');
    await ctvirt('push', how, sparse, '/root/tree/alone');
    await ctvirt('pull', how, '/root/tree', `${here}/back`);
    await same(`${here}/back`);
    assert.ok(lstatSync(`${here}/back/alone`).blocks <= lstatSync(sparse).blocks);
    await output(['cmp', sparse, `${here}/back/alone`]);
    await ctvirt('pull', how, '/root/tree/sparse', `${here}/back/sparse`);
    await same(`${here}/back`);
    await rm(`${here}/back`, { recursive: true });
  }
  // Each costs a container a block; one that is beyond what an archive can tell of does not become full of zeros.
  const perl =
    'open my $f, ">", "/root/holes"; for (0 .. 20_000) { sysseek $f, $_ << 13, 0; syswrite $f, "x" } truncate $f, 1 << 40';
  await world.enclosure.output('/usr/bin/perl', '-e', perl.replace('/root/', `${world.host}/`));
  await ctvirt('push', 'running', `${world.host}/holes`, '/root/tree/holes');
  const { status: left, stderr: why } = await world.cli(['pull', 'running', '/root/tree', `${here}/back`]);
  assert.equal(left, 1);
  assert.match(why, /^\.\/holes is left out: it has very many holes/);
  await ctvirt('pull', 'running', '/root/tree/holes', `${here}/back`);
  assert.equal(lstatSync(`${here}/back/holes`).size, 2 ** 40);
  assert.ok(lstatSync(`${here}/back/holes`).blocks < 300_000);
  await rm(`${here}/back`, { recursive: true });
  await rm(`${world.host}/holes`);
  for (const form of [['--format=gnu'], ['--format=posix'], ['--format=posix', '--sparse-version=0.1']]) {
    await output(['tar', ...form, '-S', '-C', `${here}/tree`, '-cf', `${here}/tar`, '.']);
    const { status, stderr } = await world.cli(['push', 'running', '--tar', `${here}/tar`, '/root/unpacked']);
    if (form.length > 1) {
      assert.equal(status, 1);
      assert.match(stderr, /is left out: it is sparse in an old form/);
      continue;
    }
    assert.deepEqual([status, stderr], [0, '']);
    await ctvirt('pull', 'running', '/root/unpacked', `${here}/back`);
    await same(`${here}/back`);
    await rm(`${here}/back`, { recursive: true });
    await world.shell('running', 'rm -r /root/unpacked');
  }
});

test("the kernel's own files, which have no size, are told whole", async () => {
  await world.run(domainXml({ name: 'told' }));
  const version = await world.shell('told', 'cat /proc/version');
  assert.equal(await ctvirt('pull', 'told', '/proc/version', '-'), `${version}\n`);
  assert.equal(
    await ctvirt('pull', 'told', '/sys/class/net/lo/mtu', '-'),
    readFileSync('/sys/class/net/lo/mtu', 'utf8'),
  );
  await ctvirt('pull', 'told', '/proc/kallsyms', `${here}`);
  assert.equal(lstatSync(here).size, Number(await world.shell('told', 'wc -c </proc/kallsyms')));
});

test('streams go through - in both ways, an archive from one container to another', async () => {
  for (const name of ['from', 'to']) await world.run(domainXml({ name }));
  const given = await world.cli(['push', 'from', '-', '/root/note', '--mode', '600', '--owner', 'nobody'], {
    input: 'from the input\n',
  });
  assert.deepEqual([given.status, given.stderr], [0, '']);
  const id = await world.shell('from', 'id -u nobody');
  assert.equal(
    await world.shell('from', 'stat -c "%a %u" /root/note; cat /root/note'),
    `600 ${id}\nfrom the input`,
  );
  await world.shell('from', 'mkdir /srv; cp /root/note /srv/one; ln -s one /srv/two');
  const archive = await ctvirt('pull', 'from', '/srv', '-');
  const unpacked = await world.cli(['push', 'to', '--tar', '-', '/srv'], { input: archive });
  assert.deepEqual([unpacked.status, unpacked.stderr], [0, '']);
  assert.equal(await world.shell('to', 'cat /srv/two; readlink /srv/two'), 'from the input\none');
  const pax = await output([
    'sh',
    '-c',
    `mkdir -p ${here}/p; echo pax > ${here}/p/${'q'.repeat(120)}; tar --format=pax -C ${here}/p -cf - .`,
  ]);
  assert.equal((await world.cli(['push', 'to', '--tar', '-', '/pax'], { input: pax })).status, 0);
  assert.equal(await world.shell('to', 'cat /pax/q*'), 'pax');
  const files = await output([
    'sh',
    '-c',
    `mkdir ${here}/p/sub; echo > ${here}/p/sub/f; tar -C ${here}/p -cf - sub/f`,
  ]);
  const owned = await world.cli(['push', 'to', '--tar', '-', '/owned', '--owner', 'nobody'], {
    input: files,
  });
  assert.deepEqual([owned.status, owned.stderr], [0, '']);
  const owners = await world.shell('to', 'stat -c %u /owned /owned/sub /owned/sub/f');
  assert.equal(owners, `${id}\n${id}\n${id}`, 'folders that the archive does not mention, too');
});

test('what cannot be is refused before anything passes, in words', async () => {
  await world.run(domainXml({ name: 'plain' }));
  await world.shell('plain', 'mkfifo /root/pipe; ln -s /none /root/nowhere');
  const refusals: readonly (readonly [words: readonly string[], status: number, said: RegExp])[] = [
    [['pull', 'plain', '/none', '-'], 3, /has no '\/none'/],
    [['pull', 'plain', 'etc', '-'], 2, /absolute/],
    [['pull', 'plain', '/root/pipe', '-'], 8, /neither a file nor a folder/],
    [['pull', 'plain', '/proc/kmsg', '-'], 10, /no '\/proc\/kmsg' that can be used \(EACCES\)/],
    [['push', 'plain', '-', '/none/x'], 3, /no folder '\/none'/],
    [['push', 'plain', '-', '/etc'], 8, /is a folder/],
    [['push', 'plain', '-', '/etc/none/'], 3, /no folder '\/etc\/none'/],
    [['push', 'plain', '-', '/root/nowhere/'], 3, /no folder '\/root\/nowhere'/],
    [['push', 'plain', '-', '/x', '--owner', 'nosuch'], 3, /no user 'nosuch'/],
    [['push', 'plain', '/none/here', '/x'], 1, /cannot read/],
    [['push', 'plain', '-', '/x', '--mode', 'rw'], 2, /octal/],
  ];
  for (const [words, status, said] of refusals) {
    const found = await world.cli(words);
    assert.equal(found.status, status, `${words.join(' ')}: ${found.stderr}`);
    assert.match(found.stderr, said);
  }
  const broken = await world.cli(['push', 'plain', '--tar', '-', '/x'], { input: 'no archive'.repeat(100) });
  assert.equal(broken.status, 1);
  assert.match(broken.stderr, /no archive of tar/);
  await mkdir(`${here}/tree`, { recursive: true });
  const whole = await output(['tar', '-C', `${here}/tree`, '-cf', '-', '.']);
  for (const input of ['', whole.slice(0, 512)]) {
    const cut = await world.cli(['push', 'plain', '--tar', '-', '/x'], { input });
    assert.equal(cut.status, 1);
    assert.match(cut.stderr, /has no end/);
  }
});

test('a container that ends just then is told to have ended', async () => {
  await world.define(domainXml({ name: 'brief' }));
  const refusals: string[] = [];
  const again = async (begin: () => Promise<ClientSession>): Promise<void> => {
    for (let times = 0; times < 6; times++)
      try {
        const session = await begin();
        session.stdout.resume();
        session.stderr.resume();
        session.stdin.end('x');
        await session.exited.catch(() => undefined);
      } catch (error) {
        refusals.push(error instanceof ApiError ? `${error.code} ${error.message}` : String(error));
      }
  };
  const { domains } = world.client;
  for (let round = 0; round < 8; round++) {
    await domains.start({ domain: 'brief' });
    const all = [1, 2, 3, 4].flatMap(() => [
      again(() => domains.push({ domain: 'brief', open: { path: '/root/x', form: 'file' } })),
      again(() => domains.pull({ domain: 'brief', open: { path: '/etc/passwd' } })),
    ]);
    await new Promise((resolve) => setTimeout(resolve, 10 + 8 * round));
    await domains.destroy({ domain: 'brief' });
    await Promise.all(all);
  }
  assert.deepEqual(
    refusals.filter((said) => !said.startsWith('wrong-state')),
    [],
  );
});

test('no link of a container leads to the host or out of the tree that was named, whoever turns them meanwhile', async () => {
  await mkdir(here, { recursive: true });
  await writeFile(`${here}/secret`, 'of the host\n');
  await world.run(domainXml({ name: 'foe' }));
  await world.shell(
    'foe',
    `ln -s ${here}/secret /root/file; ln -s ${here} /root/folder; mkdir -p /root/t/sub; touch /root/t/sub/own`,
  );
  for (const path of ['/root/file', '/root/folder', '/root/folder/secret', '/proc/1/root/nosuch'])
    assert.notEqual((await world.cli(['pull', 'foe', path, '-'])).status, 0, path);
  assert.equal((await world.cli(['push', 'foe', '-', '/root/folder/secret'], { input: 'gone' })).status, 3);
  // A link in the file's place is replaced.
  assert.equal((await world.cli(['push', 'foe', '-', '/root/file'], { input: 'mine' })).status, 0);
  assert.equal(await world.shell('foe', 'test ! -L /root/file && cat /root/file'), 'mine');
  const turning = await world.client.domains.exec({
    domain: 'foe',
    open: {
      argv: ['sh', '-c', 'cd /root/t; while :; do mv sub kept; ln -s /etc sub; rm sub; mv kept sub; done'],
    },
  });
  turning.stdout.resume();
  turning.stderr.resume();
  mkdirSync(`${here}/new/sub`, { recursive: true });
  await writeFile(`${here}/new/sub/passwd`, 'pushed\n');
  try {
    for (let at = 0; at < 20; at++) {
      const { stdout } = await world.cli(['pull', 'foe', '/root/t', '-']);
      assert.doesNotMatch(stdout, /shadow|root:/);
      const archive = await output(['tar', '-C', `${here}/new`, '-cf', '-', '.']);
      await world.cli(['push', 'foe', '--tar', '-', '/root/t'], { input: archive });
    }
  } finally {
    turning.kill();
    await turning.exited;
  }
  assert.match(await world.shell('foe', 'cat /etc/passwd'), /^root:/);
  assert.equal(readFileSync(`${here}/secret`, 'utf8'), 'of the host\n');
});

test('a push whose source says nothing more ends with its container, and with the daemon', async () => {
  await mkdir(here, { recursive: true });
  await world.run(domainXml({ name: 'silent', filesystems: [limited] }));
  const pushing = async (): Promise<unknown> => {
    const child = world.startCli(['push', 'silent', '-', '/root/x'], 'pipe');
    child.stdout?.resume();
    const late = setTimeout(() => child.kill('SIGKILL'), 15_000);
    const [status] = await once(child, 'exit');
    clearTimeout(late);
    return status;
  };
  const first = pushing();
  await waitFor('it to be inside', async () => (await world.shell('silent', 'ls -A /root')) !== '');
  await world.client.domains.destroy({ domain: 'silent' });
  assert.equal(await first, 1);
  await world.client.domains.start({ domain: 'silent' });
  const second = pushing();
  await waitFor('it to be inside', async () => /ctvirt/.test(await world.shell('silent', 'ls -A /root')));
  await world.kill();
  assert.equal(await second, 15);
  await world.start();
  // No part of a file is taken for the whole.
  await waitFor('it to be gone', async () => !/ctvirt/.test(await world.shell('silent', 'ls -A /root')));
  assert.equal(await world.shell('silent', 'ls -A /root'), '');
});

test('no link that an earlier pull has left leads a later one anywhere', async () => {
  await mkdir(`${here}/elsewhere`, { recursive: true });
  const shell = (line: string) => world.shell('left', `cd /root/t; ${line}`);
  await world.run(domainXml({ name: 'left' }));
  await world.shell('left', 'mkdir /root/t');
  await shell(`for one in file large folder; do ln -s ${here}/elsewhere/$one $one; done`);
  await shell(`ln -s ${here}/elsewhere there`);
  await ctvirt('pull', 'left', '/root/t', here);
  await shell('rm *; echo theirs >file; dd if=/dev/zero of=large bs=1M count=2 2>/dev/null');
  await shell('mkdir folder there; echo theirs >there/one; echo theirs >folder/one');
  for (const one of ['file', 'large', 'folder', 'there'])
    await ctvirt('pull', 'left', `/root/t/${one}`, `${here}/t`);
  assert.deepEqual(readdirSync(`${here}/elsewhere`), []);
  assert.equal(readFileSync(`${here}/t/there/one`, 'utf8'), 'theirs\n');
  assert.equal(readFileSync(`${here}/t/large`).length, 2 << 20);
  // A tree again over links.
  await rm(`${here}/t`, { recursive: true });
  await shell(`rm -r *; ln -s ${here}/elsewhere there; ln -s ${here}/elsewhere/file file`);
  await ctvirt('pull', 'left', '/root/t', here);
  await shell('rm *; mkdir there; echo theirs >there/one; echo theirs >file');
  await ctvirt('pull', 'left', '/root/t', here);
  assert.deepEqual(readdirSync(`${here}/elsewhere`), []);
});

test('an archive with names that lead elsewhere puts nothing there', async () => {
  await world.run(domainXml({ name: 'odd' }));
  await mkdir(here, { recursive: true });
  await output([
    'sh',
    '-c',
    `cd ${here}; echo x > f; ln -s / out; tar -P --transform 's,^f$,../../escaped,' -cf a.tar f; tar -rf a.tar out; tar -P --transform 's,^f$,out/etc/escaped,' -rf a.tar f; tar -rf a.tar f`,
  ]);
  const { status, stderr } = await world.cli(['push', 'odd', '--tar', `${here}/a.tar`, '/srv']);
  assert.equal(status, 1);
  assert.match(stderr, /\.\.\/\.\.\/escaped is left out/);
  assert.equal(await world.shell('odd', 'ls /escaped /etc/escaped /srv/f 2>/dev/null || :'), '/srv/f');
});

test("set-uid bits, devices and pipes stay inside; the kernel's own file systems are not walked", async () => {
  await world.run(domainXml({ name: 'rich' }));
  await world.shell(
    'rich',
    'mkdir /b; cp /bin/busybox /b/su; chmod 4755 /b/su; mkfifo /b/pipe; echo ok > /b/ok',
  );
  const { status, stderr } = await world.cli(['pull', 'rich', '/b', `${here}`]);
  assert.equal(status, 1);
  assert.match(stderr, /pipe is left out/);
  assert.equal(lstatSync(`${here}/su`).mode & 0o7777, 0o755);
  assert.equal(readFileSync(`${here}/ok`, 'utf8'), 'ok\n');
  const whole = await world.cli(['pull', 'rich', '/', `${here}/whole`]);
  assert.match(whole.stderr, /pipe is left out/);
  assert.deepEqual(readdirSync(`${here}/whole/proc`), []);
  assert.ok(readdirSync(`${here}/whole/etc`).includes('passwd'));
});

test('a full disk inside is told, and leaves nothing half', async () => {
  await world.run(domainXml({ name: 'small', filesystems: [limited] }));
  await mkdir(here);
  await writeFile(`${here}/large`, Buffer.alloc(40_000_000));
  const { status, stderr } = await world.cli(['push', 'small', `${here}/large`, '/root']);
  assert.equal(status, 1);
  assert.match(stderr, /No space left|quota/i);
  assert.equal(await world.shell('small', 'ls -A /root'), '');
});

test('a file that is pulled is there whole, or what was there before', async () => {
  await world.run(domainXml({ name: 'full' }));
  await world.shell('full', 'head -c 300000 /dev/zero | tr "\\0" x >/root/large; echo small >/root/small');
  await mkdir(here);
  await writeFile(`${here}/large`, 'of yesterday\n');
  // As on a full disk.
  const narrow = ['/bin/sh', '-c', 'trap "" XFSZ; ulimit -f 100; exec "$@"', 'sh'];
  for (const to of [here, `${here}/large`, `${here}/new`]) {
    const words = ['--socket', world.socket, 'pull', 'full', '/root/large', to];
    const { status, stderr } = await run([...narrow, process.execPath, cliProgram, ...words]);
    assert.match(`${status} ${stderr}`, /^1 error: cannot write .*EFBIG/);
    assert.equal(readFileSync(`${here}/large`, 'utf8'), 'of yesterday\n');
    assert.deepEqual(readdirSync(here), ['large']);
  }
  await ctvirt('pull', 'full', '/root/small', `${here}/large`);
  assert.equal(readFileSync(`${here}/large`, 'utf8'), 'small\n');
});

test('a second file system of a stopped container is where it belongs', async () => {
  await mkdir(`${here}/data`, { recursive: true });
  await writeFile(`${here}/data/there`, 'data\n');
  const mount = `<filesystem type='mount'><source dir='${here}/data'/><target dir='/mnt'/></filesystem>`;
  await world.define(domainXml({ name: 'two', filesystems: [templateRoot, mount] }));
  assert.equal(await ctvirt('pull', 'two', '/mnt/there', '-'), 'data\n');
});

test('nothing is put where a start makes all anew', async () => {
  const memory = `<filesystem type='ram'><source usage='1024' units='KiB'/><target dir='/scratch'/></filesystem>`;
  await world.run(domainXml({ name: 'anew', filesystems: [templateRoot, memory] }));
  const push = (path: string) => world.cli(['push', 'anew', '-', path], { input: 'lost\n' });
  assert.equal((await push('/scratch/there')).status, 0);
  await world.client.domains.destroy({ domain: 'anew' });
  for (const path of ['/scratch/x', '/proc/x', '/sys/x', '/dev/x']) {
    const { status, stderr } = await push(path);
    assert.match(`${status} ${stderr}`, /^1 .*Read-only file system/, path);
  }
  assert.equal((await push('/root/x')).status, 0);
  await ctvirt('pull', 'anew', '/', here);
  assert.deepEqual(readdirSync(`${here}/proc`), []);
  assert.equal(readFileSync(`${here}/root/x`, 'utf8'), 'lost\n');
});

test('an image of a stopped container is let go of when the transfer ends, also by a client or a daemon that goes', async () => {
  await world.define(domainXml({ name: 'image', filesystems: [limited] }));
  const given = await world.cli(['push', 'image', '-', '/root/kept'], { input: 'kept\n' });
  assert.deepEqual([given.status, given.stderr], [0, '']);
  const left = async (): Promise<unknown> => (await world.leftovers()).loops;
  await assertUnchanged([], left, 'a loop device');
  const open = { path: '/root/half', form: 'file' as const };
  const begin = async () => {
    const session = await world.client.domains.push({ domain: 'image', open });
    session.stdin.write('half');
    return session;
  };
  const session = await begin();
  // Who starts it waits for the end of the transfer.
  const start = world.client.domains.start({ domain: 'image' });
  session.close();
  await start;
  assert.equal(await world.shell('image', 'ls -A /root'), 'kept');
  await world.client.domains.destroy({ domain: 'image' });
  (await begin()).exited.catch(() => undefined);
  await world.kill();
  await world.start();
  await assertUnchanged([], left, 'a loop device');
  assert.equal(await ctvirt('pull', 'image', '/root/kept', '-'), 'kept\n');
});
