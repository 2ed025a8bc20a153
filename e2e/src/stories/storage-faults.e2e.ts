// What must hold of copies, backups and moves when things go wrong, one test an event. Kills and full disks are trials of their own.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../world/command.js';
import { CutLink } from '../world/cut-link.js';
import { domainXml, obedient, templateRoot } from '../world/documents.js';
import { lightenKey } from '../world/light-key.js';
import { waitFor } from '../world/wait.js';
import { busybox, World } from '../world/world.js';

let near: World;
let far: World;
before(async () => {
  near = await World.open();
  far = await World.open();
  for (const world of [near, far])
    await configure(world, `backup_repositories = ["default ${near.host}/backup ${near.host}/password"]\n`);
  await near.ctvirt('backup', 'init');
  lightenKey(`${near.host}/backup`, `${near.host}/password`);
});
afterEach(async () => {
  for (const world of [near, far]) {
    await world.clearKept();
  }
  rmSync(file(), { force: true });
});
after(async () => {
  try {
    await near.close();
  } finally {
    await far.close();
  }
});

async function configure(world: World, text: string): Promise<void> {
  writeFileSync(`${world.root}/etc/ctvirtd.conf`, text);
  await world.stop();
  await world.start();
}

const name = 'shop';
const file = (): string => `${near.host}/shop.ctvirt.tar.zst`;
const document = domainXml({ name, program: obedient });
const fill = (mebibytes: number) => `dd if=/dev/urandom of=/srv/bulk bs=1M count=${mebibytes} 2>/dev/null`;

const names = async (world: World): Promise<string[]> =>
  (await world.client.domains.list()).map((domain) => domain.name);
/** What is begun and not done, on both hosts. */
const parts = (): string[] =>
  [near, far].flatMap((world) =>
    world
      .files()
      .filter((path) => /\/(moving\.json|\.coming-|\.new-|\.revert)/.test(path) && !path.includes('~')),
  );

/** The one host that has it, once it runs there and nothing is under way any more. */
async function settled(what: string): Promise<World> {
  const now = async (): Promise<World | false> => {
    const having = [];
    for (const world of [near, far]) if ((await names(world)).includes(name)) having.push(world);
    assert.equal(having.length, 1, what);
    const [world] = having;
    if (world === undefined || !(await world.state(name)).startsWith('running')) return false;
    return parts().length === 0 && world;
  };
  return await waitFor(
    `${what}: one host to have it, running, and nothing to be under way`,
    now,
    60_000,
  ).catch((error: unknown) =>
    assert.fail(`${String(error)}\n${parts().join('\n')}\n${near.log}\n${far.log}`),
  );
}

/** A status other than 0, and what was said. */
async function refusal(world: World, ...words: string[]): Promise<string> {
  const { status, stderr } = await world.cli(words);
  assert.notEqual(status, 0, words.join(' '));
  return stderr;
}

test('the link is cut anywhere in a move: what was cut is never taken for whole, and one host alone has the domain', async (t) => {
  await near.run(document);
  await near.shell(name, fill(3));
  const sum = await near.shell(name, 'sha256sum /srv/bulk');
  await using link = await CutLink.open(`${near.host}/link`, `${far.root}/run/libvirt-sock`);
  const to = `ctvirt+unix:///system?socket=${link.path}`;
  // Once whole, to know how much there is to be cut.
  await near.client.domains.move({ domain: name, body: { to } });
  const whole = { ...link.passed };
  const rounds = Number(process.env['CTVIRT_MOVE_ROUNDS'] ?? 6);
  for (let round = 0; round < rounds; round++) {
    if ((await settled('before')) === far)
      await far.client.domains.move({ domain: name, body: { to: near.uri('ctvirt') } });
    const direction = round % 2 === 0 ? 'back' : 'there';
    const bytes = Math.floor(Math.random() * whole[direction]);
    link.cutAfter(direction, bytes);
    const moved = near.client.domains.move({ domain: name, body: { to } }).then(() => 'moved', String);
    await Promise.race([moved, waitFor('the cut', () => link.isDown)]);
    await sleep(300);
    link.mend();
    const what = `cut after ${bytes} of ${whole[direction]} bytes ${direction}: ${await moved}`;
    const world = await settled(what);
    t.diagnostic(`${what}; it is ${world === near ? 'here' : 'there'}`);
    assert.equal(await world.shell(name, 'sha256sum /srv/bulk'), sum, what);
  }
});

test('virsh goes away in the middle of a move from daemon to daemon: that goes on', async () => {
  await near.run(document);
  await near.shell(name, fill(20));
  const gone = new AbortController();
  const words = ['migrate', '--p2p', '--live', '--persistent', '--undefinesource', name, far.uri('lxc')];
  const asking = run(['virsh', '-c', near.uri('lxc'), ...words], { interrupt: gone.signal });
  await waitFor('the move to be under way', () => parts().some((path) => path.endsWith('moving.json')));
  gone.abort();
  await asking;
  assert.equal(await settled('virsh is gone'), far);
});

test('a file that goes or changes while it is read is no failure: what is read is of one moment', async () => {
  await near.run(document);
  const churn = `mkdir /srv/c; (n=0; while :; do n=$((n+1)); echo $n >/srv/c/$((n%50)); rm -f /srv/c/$(((n+25)%50)); mkdir -p /srv/d/$n; rm -r /srv/d; echo $n >>/srv/log; done) >/dev/null 2>&1 &`;
  await near.shell(name, churn);
  const exported = await near.cli(['export', name, file()]);
  assert.deepEqual(
    [exported.status, /vanish|changed|removed/i.test(exported.stderr)],
    [0, false],
    exported.stderr,
  );
  await near.ctvirt('backup', name);
  await near.ctvirt('clone', name, 'twin');
  await near.ctvirt('snapshot', 'create', name, 'then');
  await near.ctvirt('import', file(), '--name', 'read', '--new-ids');
  const log = 'n=0; while read l; do n=$((n+1)); [ $l = $n ] || exit 1; done </srv/log; echo whole';
  for (const copy of ['twin', 'read']) {
    await near.ctvirt('start', copy, '--wait');
    assert.equal(await near.shell(copy, log), 'whole');
  }
});

test('a domain that is read is not deleted before it is: an export of one that is then undefined is whole', async () => {
  await near.run(document);
  await near.shell(name, fill(60));
  await near.ctvirt('destroy', name);
  const exporting = near.cli(['export', name, file()]);
  await waitFor('the export to be under way', async () =>
    (await near.client.jobs.list()).some(({ state }) => state === 'running'),
  );
  await near.ctvirt('undefine', name, '--storage');
  assert.deepEqual([(await exporting).status, await names(near)], [0, []]);
  await near.ctvirt('import', file());
  await near.ctvirt('start', name, '--wait');
  assert.equal(await near.shell(name, 'stat -c %s /srv/bulk'), String(60 << 20));
});

test('a snapshot that is read is not deleted before it is: a clone of one that is then deleted is whole', async () => {
  await near.run(document);
  await near.shell(name, fill(60));
  await near.ctvirt('snapshot', 'create', name, 'then');
  const cloning = near.cli(['clone', name, 'twin', '--snapshot', 'then']);
  await waitFor('the clone to be under way', async () =>
    (await near.client.jobs.list()).some(({ kind, state }) => kind === 'clone' && state === 'running'),
  );
  const deleted = await near.cli(['snapshot', 'delete', name, 'then']);
  assert.equal(deleted.status, 0, deleted.stderr);
  assert.equal((await cloning).status, 0);
  await near.ctvirt('start', 'twin', '--wait');
  assert.equal(await near.shell('twin', 'stat -c %s /srv/bulk'), String(60 << 20));
  assert.equal(await near.ctvirt('snapshot', 'list', name, '--name'), '');
});

test('a name, UUID, CTID or address that is taken is refused before anything is written, and another identity is had', async () => {
  const link =
    "<interface type='ethernet'><mac address='02:00:00:00:00:09'/><ip address='10.9.9.9'/></interface>";
  const numbered = domainXml({ name: '700', type: 'openvz', interfaces: [link] });
  const { domain } = await near.define(numbered);
  await near.ctvirt('export', '700', file());
  await near.ctvirt('backup', '700');
  const roots = (): string[] => readdirSync(`${near.root}/lib/roots`);
  const taken = async (xml: string, said: RegExp, words: readonly string[]): Promise<void> => {
    const { domain: other } = await near.define(xml);
    const before = roots();
    assert.match(await refusal(near, ...words), said, words.join(' '));
    assert.deepEqual(roots(), before);
    await near.erase(other.name);
  };
  await near.erase('700');
  for (const words of [
    ['import', file()],
    ['restore', '700'],
  ]) {
    await taken(domainXml({ name: '700', type: 'openvz' }), /'700' is already defined|another domain/, words);
    // To a restore that is the domain itself, by another name.
    if (words[0] === 'import')
      await taken(
        domainXml({ name: 'b' }).replace('<name>', `<uuid>${domain.uuid}</uuid><name>`),
        /UUID/,
        words,
      );
    await taken(domainXml({ name: 'b', interfaces: [link] }), /10\.9\.9\.9|02:00:00:00:00:09/, words);
  }
  // Beside the first, as another one.
  await near.ctvirt('import', file());
  assert.match(await refusal(near, 'import', file(), '--name', 'b'), /UUID|CTID 700/);
  for (const words of [
    ['import', file(), '--name', '701', '--new-ids'],
    ['restore', '700', '--name', '702'],
  ]) {
    const { status, stderr } = await near.cli(words);
    assert.equal(status, 0, stderr);
    assert.match(stderr, /has not the address 10\.9\.9\.9/);
  }
  const identities = [];
  for (const one of ['700', '701', '702']) {
    const { uuid, ctid } = await near.client.domains.summary({ domain: one });
    identities.push(uuid, ctid, /<mac address='(.*?)'/.exec(await near.ctvirt('dumpxml', one))?.[1]);
    await near.ctvirt('start', one, '--wait');
  }
  assert.equal(new Set(identities).size, 9, identities.join(' '));
});

test('another template by the same name is not the one: archives and moves are refused by digest, a backup is whole by itself', async () => {
  await near.run(document);
  await near.shell(name, 'echo hers >/srv/page; rm /bin/vi');
  await near.ctvirt('destroy', name);
  await near.ctvirt('export', name, file());
  await near.ctvirt('backup', name);
  const { digest } = await near.client.templates.info({ template: busybox });
  // One that has other files, at the other host.
  await near.look(name, (path) => {
    writeFileSync(`${path}/other`, 'of another template');
    execFileSync('rm', ['-r', `${path}/srv`]);
    mkdirSync(`${path}/srv`);
    execFileSync('tar', ['--numeric-owner', '-C', path, '-cf', `${near.host}/other.tar`, '.']);
  });
  await near.erase(name);
  await far.client.templates.rename({ template: busybox, body: { name: 'aside' } });
  try {
    await far.ctvirt('template', 'import', busybox, `${near.host}/other.tar`);
    // Whatever it is called, one of that digest would do.
    await far.client.templates.remove({ template: 'aside' });
    assert.match(await refusal(far, 'import', file()), new RegExp(`template '${busybox}' \\(${digest}\\)`));
    assert.deepEqual(await names(far), []);
    await near.ctvirt('import', file());
    assert.match(await refusal(near, 'migrate', name, far.uri('ctvirt')), new RegExp(digest));
    assert.deepEqual([await names(near), await names(far)], [[name], []]);
    // All of its tree is in a backup, whatever it lies above.
    await far.ctvirt('restore', name);
    await far.ctvirt('start', name, '--wait');
    assert.equal(
      await far.shell(name, 'cat /srv/page; ls /bin/vi /other 2>/dev/null || echo none'),
      'hers\nnone',
    );
    await far.erase(name);
    await far.client.templates.remove({ template: busybox });
    assert.match(await refusal(far, 'restore', name), new RegExp(`template '${busybox}'`));
    assert.deepEqual(await names(far), []);
  } finally {
    if ((await far.client.templates.list()).every((one) => one.name !== busybox))
      await far.client.templates.build({ template: busybox, body: { distribution: 'busybox' } });
  }
  rmSync(`${near.host}/other.tar`);
});

test('what the other host does not keep is said before the stop, and a promise that it cannot keep is refused there', async () => {
  await configure(far, 'guarantees = "strict"\n');
  const promise =
    "<memory unit='MiB'>64</memory><memtune><min_guarantee unit='TiB'>4</min_guarantee></memtune>";
  await near.define(domainXml({ name, program: obedient, more: promise.replace("'MiB'>64", "'TiB'>8") }));
  await near.ctvirt('start', name, '--wait');
  const { id } = await near.client.domains.summary({ domain: name });
  assert.match(await refusal(near, 'migrate', name, far.uri('ctvirt')), /guarantee|promise/);
  const now = await near.client.domains.summary({ domain: name });
  assert.deepEqual([now.state, now.id, await names(far), parts()], ['running', id, [], []]);
});

test('folders, files and devices of the host are named by whatever copies or moves a domain, and its status tells', async () => {
  mkdirSync(`${near.host}/data`);
  const shared = `<filesystem type='mount'><source dir='${near.host}/data'/><target dir='/srv/data'/></filesystem>`;
  await near.run(domainXml({ name, program: obedient, filesystems: [templateRoot, shared] }));
  await near.shell(name, 'echo hers >/srv/data/page; echo own >/srv/own');
  const told = new RegExp(`${near.host}/data`);
  const tells = async (status: number, ...words: string[]): Promise<void> => {
    const done = await near.cli(words);
    assert.equal(done.status, status, `${words.join(' ')}: ${done.stderr}`);
    assert.match(`${done.stdout}${done.stderr}`, told, words.join(' '));
  };
  await tells(1, 'migrate', '--dry-run', name, far.uri('ctvirt'));
  await tells(1, 'migrate', name, far.uri('ctvirt'));
  assert.equal(await far.shell(name, 'cat /srv/data/page /srv/own'), 'hers\nown');
  await far.client.domains.move({ domain: name, body: { to: near.uri('ctvirt') } });
  await tells(0, 'snapshot', 'create', name, 'then');
  await tells(0, 'snapshot', 'info', name, 'then');
  await tells(1, 'export', name, file());
  await tells(19, 'backup', name);
  await tells(1, 'clone', name, 'twin');
  // What the other host has not is found before anything is stopped.
  await near.enclosure.output('mount', '-t', 'tmpfs', 'tmpfs', '/mnt');
  await near.enclosure.output('mkdir', '/mnt/only-here');
  const only = `<filesystem type='mount'><source dir='/mnt/only-here'/><target dir='/srv/data'/></filesystem>`;
  await near.run(domainXml({ name: 'tied', program: obedient, filesystems: [templateRoot, only] }));
  assert.match(await refusal(near, 'migrate', 'tied', far.uri('ctvirt')), /\/mnt\/only-here/);
  assert.equal(await near.state('tied'), 'running (booted)');
  await near.erase('tied');
  await near.enclosure.output('umount', '/mnt');
  // Neither is what lies there touched by a revert or a restore.
  await near.shell(name, 'echo later >/srv/data/page');
  await near.ctvirt('snapshot', 'revert', name, 'then');
  assert.equal(await near.shell(name, 'cat /srv/data/page /srv/own'), 'later\nown');
});

test('a second job of a domain is refused, whatever both are, with what the first is and how far', async () => {
  await near.run(document);
  await near.shell(name, fill(150));
  await near.ctvirt('snapshot', 'create', name, 'then');
  const exporting = near.startCli(['export', name, '-']);
  // Nobody reads on: it is under way as long as we like.
  await waitFor('the export to be under way', async () => {
    const job = (await near.client.jobs.list()).find(({ state }) => state === 'running');
    return job?.progress?.phase === 'pack' && job.progress.done > 0;
  });
  for (const words of [
    ['snapshot', 'create', name],
    ['snapshot', 'revert', name, 'then'],
    ['clone', name, 'twin'],
    ['export', name, file()],
    ['backup', name],
    ['migrate', name, far.uri('ctvirt')],
  ])
    assert.match(
      await refusal(near, ...words),
      /domain 'shop' has a job, export, since .*: pack/,
      words.join(' '),
    );
  const virsh = await run(['virsh', '-c', near.uri('lxc'), 'snapshot-create', name]);
  assert.match(virsh.stderr, /has a job, export/);
  exporting.kill('SIGINT');
  await once(exporting, 'exit');
  await waitFor('the export to be over', async () =>
    (await near.client.jobs.list()).every(({ state }) => state !== 'running'),
  );
  assert.ok(!existsSync(file()));
  await near.ctvirt('snapshot', 'create', name, 'next');
});
