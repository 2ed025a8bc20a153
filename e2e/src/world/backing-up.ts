// What holds of backups whatever program keeps them; a story for each runs it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { after, afterEach, before, test } from 'node:test';
import type { BackupRepository, Progress } from '@ctvirt/api';
import { described } from './described.js';
import { domainXml, templateRoot } from './documents.js';
import { waitFor } from './wait.js';
import { busybox, refused, World } from './world.js';

/** A program that keeps backups, from outside. */
export interface Keeper {
  readonly name: NonNullable<BackupRepository['tool']>;
  /** What `backup init` is told for it. */
  readonly words: readonly string[];
  /** Once a repository is made. */
  readonly made: (repository: string, passwordFile: string) => void;
  /** How many hold something there. */
  readonly locks: (repository: string) => number;
  /** A backup by hand of what its input is. */
  readonly byHand: (repository: string, passwordFile: string) => ChildProcess;
  /** Takes a backup away by hand, where it looks for those that it compares with; missing where it looks for none. */
  readonly remove?: (repository: string, id: string) => void;
}

export let world: World;
let keeper: Keeper;
const proofs: (readonly [string, () => Promise<void>])[] = [];
const proven = (what: string, prove: () => Promise<void>): void => void proofs.push([what, prove]);
/** What the program that keeps them has no part in: the usual one stands for all. */
const provenOnce = (what: string, prove: () => Promise<void>): void => void others.push([what, prove]);
const others: typeof proofs = [];

/** Opens a world with two repositories, of which the first is made, and proves all of it there. */
export function proveBackups(kept: Keeper): void {
  keeper = kept;
  before(async () => {
    world = await World.open();
    await useRepositories(['default', 'second']);
    await init('default');
  });
  afterEach(() => world.clear());
  after(() => world.close());
  const all = kept.words.length === 0 ? [...proofs, ...others] : proofs;
  for (const [what, prove] of all) test(what, prove);
}

export const locks = (): number => keeper.locks(repository());

export const repository = (name = 'default'): string => `${world.host}/${name}`;

export async function useRepositories(names: readonly string[], more = ''): Promise<void> {
  const texts = names.map((name) => `"${name} ${repository(name)} ${world.host}/${name}.password"`);
  writeFileSync(`${world.root}/etc/ctvirtd.conf`, `backup_repositories = [${texts.join(', ')}]\n${more}`);
  await world.stop();
  await world.start();
}

export const ctvirt = (...words: string[]): Promise<string> => world.ctvirt(...words);

export async function init(name: string): Promise<void> {
  assert.match(
    await ctvirt('backup', 'init', name, ...keeper.words),
    new RegExp(`, which ${keeper.name} keeps\n`),
  );
  keeper.made(world.enclosure.path(repository(name)), `${world.host}/${name}.password`);
}

/** What is in a backup, in one container. */
const work = `
  set -e
  umask 022
  mkdir /srv/work && cd /srv/work
  echo hers >hers && chown 1000:100 hers && chmod 4750 hers
  ln hers again && ln -s /etc/group link && ln -s /nowhere dangling
  truncate -s 200M hole && echo end >>hole
  mkfifo pipe && mkdir -m 1777 open && touch "open/with a blank" "open/*[x]"
  echo dot >.dot
  rm /etc/passwd
  rm -r /root; mkdir /root; echo new >/root/only
`;

export const look = <T>(domain: string, see: (root: string) => T): Promise<T> => world.look(domain, see);

export const onImage = `<filesystem type='template'><source name='${busybox}'/><target dir='/'/><space_hard_limit unit='MiB'>40</space_hard_limit></filesystem>`;

for (const [what, root] of [
  ['a folder', templateRoot],
  ['an image', onImage],
] as const)
  (root === templateRoot ? proven : provenOnce)(
    `a domain on ${what} comes back file by file, whole, as another one, and when it is gone`,
    async () => {
      const name = 'shop';
      await world.run(domainXml({ name, filesystems: [root] }));
      await world.shell(name, work);
      await ctvirt('destroy', name);
      await look(name, (path) => {
        execFileSync('setcap', ['cap_net_raw+ep', `${path}/srv/work/again`]);
        execFileSync('setfattr', ['-n', 'user.note', '-v', 'mine', `${path}/srv/work/.dot`]);
        execFileSync('setfacl', ['-m', 'u:33:r', `${path}/srv/work/.dot`]);
      });
      const before = await look(name, described);
      assert.ok(before.some((line) => line.includes('cap_net_raw')));
      assert.ok(before.some((line) => line.includes('posix_acl_access')));
      const { uuid } = await world.client.domains.summary({ domain: name });
      assert.match(await ctvirt('backup', name), /backed up as [0-9a-f]{8} /);

      // Whole, over what became of it, with ids of its own; what became of it is kept.
      await world.client.domains.start({ domain: name });
      await world.shell(name, 'rm -r /srv/work /usr; echo bad >/root/only; touch /etc/passwd');
      await ctvirt('destroy', name);
      const spoilt = await look(name, described);
      await ctvirt('snapshot', 'create', name, 'spoilt');
      const told = await ctvirt('restore', name);
      const kept = /kept as '([^']+)'/.exec(told)?.[1] ?? assert.fail(told);
      assert.deepEqual(await look(name, described), before);
      const left = await world.client.snapshots.list({ domain: name });
      assert.deepEqual(
        left.map((one) => one.name),
        ['spoilt'],
      );
      // Of the template nothing was copied, and holes are holes again.
      const layer = Number(
        execFileSync('du', ['-sk', `${world.root}/lib/roots/${name}`], { encoding: 'utf8' }).split('\t')[0],
      );
      if (root === templateRoot) assert.ok(layer < 512, `${layer} KiB`);
      await ctvirt('root', 'adopt', kept, name);
      assert.deepEqual(await look(name, described), spoilt);
      for (const { name: root } of await world.client.roots.list()) await ctvirt('root', 'erase', root);

      // As another one.
      await ctvirt('restore', name, '--name', 'copy');
      assert.notEqual((await world.client.domains.summary({ domain: 'copy' })).uuid, uuid);
      assert.deepEqual(await look('copy', described), before);
      await ctvirt('start', 'copy', '--wait');
      assert.equal(await world.shell('copy', 'cat /srv/work/.dot; ls /root'), 'dot\nonly');
      await ctvirt('destroy', 'copy');

      // Of a domain that is gone.
      await ctvirt('undefine', name, '--storage');
      await ctvirt('restore', name);
      assert.equal((await world.client.domains.summary({ domain: name })).uuid, uuid);
      assert.deepEqual(await look(name, described), before);
      assert.deepEqual(await world.client.roots.list(), []);
      await ctvirt('start', name, '--wait');
    },
  );

provenOnce('a repository that is away is not made anew unless that is said', async () => {
  const path = repository();
  await world.define(domainXml({ name: 'once', filesystems: [templateRoot] }));
  await ctvirt('backup', 'once');
  renameSync(path, `${path}-away`);
  const refused = await world.cli(['backup', 'init']);
  assert.match(refused.stderr, /mount what it lies on; .*--again/);
  assert.equal(existsSync(path), false);
  renameSync(`${path}-away`, path);
});

proven('single paths come back into the domain or to a folder, each as it was at a time', async () => {
  await world.define(domainXml({ name: 'web', filesystems: [templateRoot] }));
  const generations = [];
  for (const text of ['one', 'two', 'three']) {
    await look('web', (root) => {
      mkdirSync(`${root}/etc/site`, { recursive: true });
      writeFileSync(`${root}/etc/site/page`, text);
      writeFileSync(`${root}/etc/site/only-${text}`, '');
    });
    generations.push(await world.client.backups.create({ domain: 'web', body: {} }));
  }
  const [first, second, third] = generations;
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  // Only what changed is read and added.
  assert.ok(second.changedFiles <= 4, `${second.changedFiles} of ${second.files}`);
  assert.ok(second.addedBytes < 100_000, `${second.addedBytes}`);
  await ctvirt('restore', 'web', '--path', 'etc/site/page', '--at', first.backup.takenAt);
  const page = (root: string) => readFileSync(`${root}/etc/site/page`, 'utf8');
  assert.equal(await look('web', page), 'one');
  await ctvirt('restore', 'web', '--path', '/etc/site', '--at', second.backup.id);
  assert.equal(await look('web', page), 'two');
  // What was made since stays beside it.
  assert.ok(await look('web', (root) => existsSync(`${root}/etc/site/only-three`)));
  await ctvirt('restore', 'web', '--path', '/', '--at', first.backup.id);
  assert.equal(await look('web', page), 'one');
  const folder = `${world.host}/looked-at`;
  await ctvirt('restore', 'web', '--to', folder, '--at', first.backup.id);
  assert.deepEqual(readdirSync(`${folder}/etc/site`).sort(), ['only-one', 'page']);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  rmSync(folder, { recursive: true });
});

provenOnce('a path that is none, or leads nowhere, is refused, and a time before all backups', async () => {
  await world.define(domainXml({ name: 'web', filesystems: [templateRoot] }));
  await ctvirt('backup', 'web');
  const folder = `${world.host}/looked-at`;
  mkdirSync(folder);
  const nowhere = await world.cli(['restore', 'web', '--to', `${folder}/no/such`]);
  assert.match(nowhere.stderr, /is not there: make it first/);
  const again = await world.cli(['restore', 'web', '--to', folder]);
  assert.match(again.stderr, /is there already/);
  rmSync(folder, { recursive: true });
  for (const [words, why] of [
    [['--path', '/nothing'], /is not in backup /],
    ...['..', '.', '/etc/..', 'etc/../..', '/./'].map(
      (path) => [['--path', path], /is no path in a domain/] as const,
    ),
    [['--to', '/nowhere/there'], /^error: \/nowhere is not there: make it first/m],
    [['--at', '2020-01-01'], /the first backup of 'web' was taken at/],
    [['--at', 'yesterday'], /is no time/],
  ] as const) {
    const { status, stderr } = await world.cli(['restore', 'web', ...words]);
    assert.notEqual(status, 0);
    assert.match(stderr, why);
  }
  assert.deepEqual(
    readdirSync(world.host).filter((entry) => entry.startsWith('.')),
    [],
  );
});

provenOnce('what a domain mounts of the host is told in words, status, list and manifest', async () => {
  const data = `${world.host}/data`;
  mkdirSync(data);
  const bound = `<filesystem type='mount'><source dir='${data}'/><target dir='/data'/></filesystem>`;
  await world.define(domainXml({ name: 'db', filesystems: [templateRoot, bound] }));
  const first = await world.cli(['backup', 'db']);
  assert.equal(first.status, 19);
  assert.match(first.stdout, new RegExp(`without /data, which is ${data} of the host`));
  await ctvirt('backup', 'db', '--leave-mounts');
  assert.match(await ctvirt('backup', 'list', 'db'), /\/data/);
  assert.match(await ctvirt('restore', 'db'), /Not in the backup, and not touched: \/data/);
  for (const { name } of await world.client.roots.list()) await ctvirt('root', 'erase', name);
});

provenOnce(
  'folders of the host are in a backup that is to have them, and come back by their path alone',
  async () => {
    const data = `${world.host}/data`;
    mkdirSync(`${data}/sub`, { recursive: true });
    const one = `${world.host}/one`;
    writeFileSync(one, 'a file of the host');
    const devices = [
      templateRoot,
      `<filesystem type='mount'><source dir='${data}'/><target dir='/srv/data'/></filesystem>`,
      `<filesystem type='mount'><source dir='${one}'/><target dir='/etc/one'/></filesystem>`,
    ];
    await world.run(domainXml({ name: 'db', filesystems: devices }));
    await world.shell(
      'db',
      'echo hers >/srv/data/sub/hers; chown 1000:100 /srv/data/sub/hers; ln -s hers /srv/data/sub/link',
    );
    const before = described(data);
    const first = await world.cli(['backup', 'db', '--with-mounts']);
    assert.equal(first.status, 19);
    assert.match(
      first.stdout,
      new RegExp(`with /srv/data, which is ${data} of the host\n.*without /etc/one`),
    );
    await ctvirt('destroy', 'db');
    await look('db', (root) => writeFileSync(`${root}/etc/later`, ''));
    rmSync(`${data}/sub`, { recursive: true });
    writeFileSync(`${data}/later`, '');
    const whole = await ctvirt('restore', 'db');
    assert.match(whole, /In the backup, and not touched: \/srv\/data \(--path \/srv\/data brings it back\)/);
    assert.deepEqual(readdirSync(data), ['later']);
    assert.ok(await look('db', (root) => !existsSync(`${root}/etc/later`)));
    await ctvirt('restore', 'db', '--path', '/srv/data');
    rmSync(`${data}/later`);
    assert.deepEqual(described(data), before);
    const folder = `${world.host}/looked-at`;
    await ctvirt('restore', 'db', '--to', folder);
    assert.deepEqual(described(`${folder}/srv/data`), before);
    rmSync(folder, { recursive: true });
    // One that holds the repository would be read for ever.
    const all = `<filesystem type='mount'><source dir='${world.host}'/><target dir='/all'/></filesystem>`;
    await world.define(domainXml({ name: 'self', filesystems: [templateRoot, all] }));
    await refused('invalid', world.client.backups.create({ domain: 'self', body: { mounts: 'with' } }));
    for (const { name } of await world.client.roots.list()) await ctvirt('root', 'erase', name);
  },
);

/** So much of it is on the disk. */
async function stored(mib: number, name = 'default'): Promise<void> {
  const size = () =>
    Number(
      execFileSync('du', ['-sm', world.enclosure.path(`${repository(name)}/data`)], {
        encoding: 'utf8',
      }).split('\t')[0],
    );
  const before = size();
  await waitFor(`${mib} MiB in the repository`, async () => size() >= before + mib, 60_000);
}

/** So much that no program finds a part of it elsewhere. */
export const noise = (root: string, mib: number): Buffer =>
  execFileSync('dd', ['if=/dev/urandom', `of=${root}/large`, 'bs=1M', `count=${mib}`, 'status=none']);

// borg commits every two seconds, and a fast disk has all of it by then: there is nothing to be ended amid.
provenOnce(
  'a daemon that is killed while it backs up blocks neither the next backup nor the domain',
  async () => {
    await world.define(domainXml({ name: 'big', filesystems: [templateRoot] }));
    await look('big', (root) => noise(root, 300));
    const backing = world.cli(['backup', 'big']);
    await stored(120);
    await world.kill();
    await backing;
    assert.equal(locks(), 1);
    await world.start();
    assert.deepEqual((await world.client.check.list()).stray, []);
    // What was stored is not stored again.
    const { addedBytes } = await world.client.backups.create({ domain: 'big', body: {} });
    assert.ok(addedBytes < 220 * 2 ** 20, `${addedBytes}`);
    // Prune needs the repository for itself.
    await ctvirt('backup', 'forget', 'big', '--keep-last', '1', '--prune');
    assert.equal(locks(), 0);
  },
);

provenOnce('a backup that is ended goes on where it was, and tells how far it is', async () => {
  await world.define(domainXml({ name: 'big', filesystems: [templateRoot] }));
  await look('big', (root) => noise(root, 300));
  const progress: Progress[] = [];
  const backing = world.client.backups.create(
    { domain: 'big', body: {} },
    { onProgress: (told) => void progress.push(told) },
  );
  const ended = refused('interrupted', backing);
  await stored(120);
  await ctvirt('job', 'abort', 'big');
  await ended;
  const shares = progress.filter(({ phase }) => phase === 'backing up').map(({ done }) => done);
  assert.ok(shares.length > 0 && shares.every((done, at) => done >= (shares[at - 1] ?? 0)), shares.join());
  const { addedBytes } = await world.client.backups.create({ domain: 'big', body: {} });
  assert.ok(addedBytes < 220 * 2 ** 20, `${addedBytes}`);
});

provenOnce('a repository without room, and one that goes away, fail the backup alone', async () => {
  const { enclosure } = world;
  mkdirSync(repository('small'), { mode: 0o700 });
  await enclosure.output('mount', '-t', 'tmpfs', '-o', 'size=24m,mode=700', 'small', repository('small'));
  try {
    await useRepositories(['default', 'second', 'small']);
    await init('small');
    await world.define(domainXml({ name: 'big', filesystems: [templateRoot] }));
    const body = { repository: 'small' };
    await look('big', (root) => noise(root, 80));
    await refused('no-space', world.client.backups.create({ domain: 'big', body }));
    assert.equal((await world.client.backups.status({ domain: 'big' }))[0]?.state, 'failed');
    await enclosure.output('mount', '-o', 'remount,size=1200m', repository('small'));
    await world.client.backups.create({ domain: 'big', body });
    assert.match(await ctvirt('backup', 'check', '--repository', 'small', '--whole'), /all as they were/);

    await look('big', (root) => noise(root, 200));
    const backing = world.cli(['backup', 'big', '--repository', 'small']);
    await stored(30, 'small');
    // What is written there meanwhile may be in the way.
    await enclosure.output('sh', '-c', `until rm -rf ${repository('small')}/*; do :; done`);
    assert.notEqual((await backing).status, 0);
    const again = await world.cli(['backup', 'big', '--repository', 'small']);
    assert.match(again.stderr, /there is no repository/);
  } finally {
    await enclosure.output('umount', repository('small'));
    await useRepositories(['default', 'second']);
  }
  assert.deepEqual((await world.client.check.list()).stray, []);
  await ctvirt('start', 'big', '--wait');
});

provenOnce('two domains at once are backed up one after the other', async () => {
  for (const name of ['one', 'two']) await world.define(domainXml({ name, filesystems: [templateRoot] }));
  const taken = await Promise.all(
    ['one', 'two'].map((domain) => world.client.backups.create({ domain, body: {} })),
  );
  assert.equal(new Set(taken.map(({ backup }) => backup.id)).size, 2);
  for (const { backup } of taken) await ctvirt('restore', backup.domain);
  for (const { name } of await world.client.roots.list()) await ctvirt('root', 'erase', name);
});

provenOnce('sockets are not kept, and counted', async () => {
  await world.define(domainXml({ name: 'web', filesystems: [templateRoot] }));
  const bind =
    'import os, socket, sys; os.chdir(sys.argv[1]); [socket.socket(socket.AF_UNIX).bind(name) for name in "ab"]';
  await look('web', (root) => execFileSync('python3', ['-c', bind, `${root}/srv`]));
  assert.match(await ctvirt('backup', 'web'), /\n {2}without 2 sockets, which programs make anew\n/);
  const { sockets, isComplete } = await world.client.backups.create({ domain: 'web', body: {} });
  assert.deepEqual([sockets, isComplete], [2, true]);
});

provenOnce("somebody else's lock is respected, and said whose it is", async () => {
  await world.define(domainXml({ name: 'web', filesystems: [templateRoot] }));
  await ctvirt('backup', 'web');
  const other = keeper.byHand(repository(), `${world.host}/default.password`);
  const over = once(other, 'exit');
  try {
    await waitFor('a lock of it', async () => locks() > 0);
    // Which needs it for itself, whoever keeps it.
    const { stderr } = await world.cli(['backup', 'check']);
    assert.match(stderr, /somebody else works .* \(PID \d+ on \S+\), since [^`]*$/);
  } finally {
    other.stdin?.end('text');
    await over;
  }
  await ctvirt('backup', 'web');
});

proven('check restores a sample and compares it, and says what is damaged', async () => {
  await init('second');
  const none = await world.cli(['backup', 'check', '--repository', 'second']);
  assert.deepEqual(
    [none.status, none.stderr.includes("there is no backup in repository 'second': nothing was checked")],
    [3, true],
  );
  await world.define(domainXml({ name: 'web', filesystems: [templateRoot] }));
  await ctvirt('backup', 'web', '--repository', 'second');
  assert.match(
    await ctvirt('backup', 'check', '--repository', 'second'),
    /web: [0-9a-f]{8} .*: [1-9]\d* files, .* restored and compared: all as they were/,
  );
  const packs = execFileSync('find', [`${repository('second')}/data`, '-type', 'f'], { encoding: 'utf8' });
  const largest =
    packs
      .trim()
      .split('\n')
      .sort((a, b) => statSync(b).size - statSync(a).size)[0] ?? '';
  const check = ['backup', 'check', '--repository', 'second'];
  assert.match((await world.cli([...check, 'nobody'])).stderr, /no backup of 'nobody'/);
  const bytes = readFileSync(largest);
  const broken = Buffer.from(bytes);
  broken[bytes.length >> 1] = (broken[bytes.length >> 1] ?? 0) ^ 1;
  execFileSync('chmod', ['u+w', largest]);
  writeFileSync(largest, broken);
  const flipped = await world.cli([...check, '--whole']);
  assert.equal(flipped.status, 19, flipped.stderr);
  assert.match(
    flipped.stdout,
    /^web: [0-9a-f]{8} .*: damaged in the repository\n {2}\/\S+ cannot be restored as it was$/m,
  );
  rmSync(largest);
  const missing = await world.cli(check);
  // One that holds what is said of backups, too, leaves nothing to tell them by.
  if (missing.status === 19) assert.match(missing.stdout, /^web: .*: damaged in the repository$/m);
  else assert.match(missing.stderr, /repository 'second' is damaged: /);
  writeFileSync(largest, bytes);
  assert.match(await ctvirt(...check, '--whole'), /all as they were/);
  writeFileSync(`${world.host}/second.password`, 'another\n');
  const other = await world.cli(['backup', 'list', '--repository', 'second']);
  assert.match(other.stderr, /the password in .* is not that of the repository/);
  execFileSync('chmod', ['644', `${world.host}/second.password`]);
  await refused('denied', world.client.backups.list({ repository: 'second' }));
});

provenOnce('a backup and a restore are jobs, whose failures are events, and which can be ended', async () => {
  const events: string[] = [];
  const ended = new AbortController();
  const reading = (async () => {
    for await (const told of await world.client.events.watch({}, { signal: ended.signal }))
      if (told.event === 'job' && told.job.state !== 'running')
        events.push(`${told.job.kind} ${told.job.state}`);
  })().catch(() => undefined);
  await world.define(domainXml({ name: 'web', filesystems: [templateRoot] }));
  await ctvirt('mount', 'web');
  await refused('in-use', world.client.backups.create({ domain: 'web', body: {} }));
  await ctvirt('umount', 'web');
  await ctvirt('backup', '--all');
  await ctvirt('restore', 'web', '--path', '/etc');
  await look('web', (root) =>
    execFileSync('dd', ['if=/dev/urandom', `of=${root}/large`, 'bs=1M', 'count=300', 'status=none']),
  );
  const backing = world.cli(['backup', 'web']);
  for (let tries = 0; tries < 600 && locks() === 0; tries++)
    await new Promise((resolve) => setTimeout(resolve, 10));
  await refused('in-use', world.client.backups.create({ domain: 'web', body: {} }));
  await ctvirt('job', 'abort', 'web');
  assert.equal((await backing).status, 130);
  assert.equal((await world.client.backups.list({ domain: 'web' })).length, 1);
  await ctvirt('backup', 'web');
  ended.abort();
  await reading;
  assert.deepEqual(events, [
    'backup failed',
    'backup done',
    'restore done',
    'backup cancelled',
    'backup done',
  ]);
});

for (const [what, root] of [
  ['a folder', templateRoot],
  ['an image', onImage],
] as const)
  (root === templateRoot ? proven : provenOnce)(
    `a domain on ${what} that runs is backed up as it is at one moment, and goes on`,
    async () => {
      await world.run(domainXml({ name: 'shop', filesystems: [root] }));
      await world.shell('shop', work);
      await world.shell(
        'shop',
        'mkdir /srv/log; n=0; (while :; do n=$((n+1)); echo "line $n" >/srv/log/new; mv /srv/log/new "/srv/log/$n"; busybox usleep 5000; done) >/dev/null 2>&1 &',
      );
      assert.match(await ctvirt('backup', '--all'), /; its writes waited [0-9.]+ ms/);
      const count = async () => Number(await world.shell('shop', 'ls /srv/log | grep -vc new'));
      const then = await count();
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.ok((await count()) > then, 'it goes on');
      // The second finds the first, and reads what has changed.
      const second = await world.client.backups.create({ domain: 'shop', body: {} });
      assert.ok(second.changedFiles < second.files, `${second.changedFiles} of ${second.files}`);
      assert.ok(second.frozenMs !== null);
      // It is gone, and erased soon.
      await waitFor('the end of the copy', async () => readdirSync(`${world.root}/lib/roots`).length === 1);
      await ctvirt('destroy', 'shop');
      await ctvirt('restore', 'shop', '--name', 'twin', '--at', second.backup.id);
      await ctvirt('start', 'twin', '--wait');
      const gaps =
        'cd /srv/log; for i in $(seq $(ls | grep -vc new)); do grep -q "line $i" $i || echo $i; done';
      assert.equal(await world.shell('twin', gaps), '');
      assert.equal(await world.shell('twin', 'cat /srv/work/.dot; ls /root'), 'dot\nonly');
    },
  );

/** Writes `two` over what a program has mapped since before the backup. */
const mapping = `
import mmap, os, sys
with open(sys.argv[1], 'r+b') as file, mmap.mmap(file.fileno(), 0) as page:
    page[0:3] = b'one'
    print('mapped', flush=True)
    sys.stdin.readline()
    page[0:3] = b'two'
    print('written', flush=True)
    sys.stdin.readline()
`;

proven(
  'of what runs in a folder the second backup reads what has changed, whatever time that has',
  async () => {
    await world.run(domainXml({ name: 'busy', filesystems: [templateRoot] }));
    await world.shell(
      'busy',
      'cd /srv; for name in $(seq 200); do echo "$name" >"$name"; done; for name in set map; do echo one >"$name"; done; chmod 600 /etc/group',
    );
    const take = () => world.client.backups.create({ domain: 'busy', body: {} });
    const first = await take();
    assert.ok(first.changedFiles > 200, `${first.changedFiles} of ${first.files}`);
    const mapper = spawn(
      'python3',
      ['-c', mapping, `${world.root}/lib/roots/busy/root.layer/upper/srv/map`],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    const said = async () => String((await once(mapper.stdout, 'data'))[0]).trim();
    try {
      assert.equal(await said(), 'mapped');
      await world.shell('busy', 'echo more >/srv/more');
      const second = await take();
      assert.deepEqual([second.changedFiles, second.files], [2, first.files + 1]);
      mapper.stdin.write('\n');
      assert.equal(await said(), 'written');
      await world.shell('busy', 'cd /srv; cp -p set ref; echo two >set; touch -r ref set; rm ref');
      // A file of the template that is another one with its length and its time.
      await world.shell(
        'busy',
        'cd /etc; cp -p passwd ref; tr r x <ref >passwd; touch -r ref passwd; rm ref; chown 1000 group',
      );
      const third = await take();
      assert.deepEqual([third.changedFiles, third.files], [4, second.files]);
      await ctvirt('restore', 'busy', '--path', '/srv', '--to', `${world.host}/third`);
      await ctvirt('restore', 'busy', '--path', '/etc', '--to', `${world.host}/third-etc`);
      const text = (path: string) => readFileSync(`${world.host}/${path}`, 'utf8');
      assert.equal(text('third/srv/set'), 'two\n');
      assert.equal(text('third/srv/map'), 'two\n');
      assert.match(text('third-etc/etc/passwd'), /^xoot/);
      assert.equal(statSync(`${world.host}/third-etc/etc/group`).uid, 1000);
    } finally {
      mapper.kill('SIGKILL');
    }
    if (keeper.remove !== undefined) {
      const [taken] = (await world.client.backups.list({ domain: 'busy' })).slice(-1);
      // The last one is gone: what has changed since is not known any more.
      keeper.remove(repository(), taken?.id ?? '');
      const again = await take();
      assert.ok(again.changedFiles > 200, `${again.changedFiles} of ${again.files}`);
    }
    // Off, the files are those that were copied.
    await ctvirt('destroy', 'busy');
    await look('busy', (root) => writeFileSync(`${root}/srv/more`, 'other'));
    assert.equal((await take()).changedFiles, 1);
    rmSync(`${world.host}/third`, { recursive: true });
    rmSync(`${world.host}/third-etc`, { recursive: true });
  },
);
