// Containers at rest for whoever copies them from outside, as virsh asks for it: and for no longer than that, whoever dies meanwhile.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { clientOptions, done } from '../world/client-program.js';
import { output, run } from '../world/command.js';
import { domainXml, templateRoot } from '../world/documents.js';
import { waitFor } from '../world/wait.js';
import { busybox, World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(() => world.clear());
after(() => world.close());

const argv = (words: readonly string[]) => ['virsh', '-c', world.uri('ctvirt'), ...words] as const;
const asked = async (...words: readonly string[]): Promise<string> => (await done(argv(words))).stdout.trim();
async function refused(...words: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await run(argv(words), clientOptions);
  assert.equal(status, 1, `${words.join(' ')}\n${stdout}`);
  return stderr;
}

const imageAt = (dir: string): string =>
  `<filesystem type='template'><source name='${busybox}'/><target dir='${dir}'/><space_hard_limit unit='MiB'>40</space_hard_limit></filesystem>`;

/** Its program writes a number ten times a second, and how far it is in memory. */
async function started(...filesystems: readonly string[]): Promise<void> {
  const line = 'i=0; while :; do i=$((i+1)); echo $i >/root/count; echo $i >/dev/count; sleep 0.1; done';
  await world.run(domainXml({ name: 'web', program: ['/bin/sh', '-c', line], filesystems }));
  const { initPid } = await world.client.domains.info({ domain: 'web' });
  count = () => Number(readFileSync(`/proc/${initPid}/root/dev/count`, 'utf8'));
  await waitFor('it to write', () => count() > 3);
}
let count = (): number => 0;

async function goesOn(): Promise<void> {
  const before = count();
  await waitFor('it to write', () => count() > before + 2);
}

async function stands(): Promise<void> {
  await sleep(200);
  const before = count();
  await sleep(500);
  assert.equal(count(), before);
}

const image = (key = 'root'): string => `${world.root}/lib/roots/web/${key}.img`;

test('an image is frozen by its own file system, and a copy of it is clean', async () => {
  await started(imageAt('/'));
  assert.match(await asked('domfsfreeze', 'web'), /Froze 1 filesystem/);
  await stands();
  assert.equal(await asked('domstate', 'web'), 'running');
  const copy = `${world.host}/copy.img`;
  await output(['cp', '--sparse=always', image(), copy]);
  assert.match(await output(['/sbin/e2fsck', '-fn', copy]), /copy\.img: \d+\/\d+ files/);
  rmSync(copy);
  for (const verb of ['domfsfreeze', 'snapshot-create'])
    assert.match(await refused(verb, 'web'), /has a job, freeze, since/);
  assert.match(await refused('setmaxmem', 'web', '300000', '--config'), /are frozen: `virsh domfsthaw web`/);
  assert.match(await asked('domfsthaw', 'web'), /Thawed 1 filesystem/);
  await goesOn();
  assert.match(await asked('domfsthaw', 'web'), /Thawed 0 filesystem/);
  assert.match(await refused('domfsfreeze', 'web', '--mountpoint', '/srv'), /no file system at '\/srv'/);
});

test('of a folder of the host its programs stand still, and the host goes on', async () => {
  await started(templateRoot, imageAt('/srv'));
  assert.match(await asked('domfsfreeze', 'web', '--mountpoint', '/srv'), /Froze 1 filesystem/);
  await goesOn();
  await asked('domfsthaw', 'web');
  assert.match(await asked('domfsfreeze', 'web'), /Froze 2 filesystem/);
  await stands();
  // Both lie on the same disk of the host.
  await output(['cp', '/bin/true', `${world.root}/lib/roots/true`]);
  rmSync(`${world.root}/lib/roots/true`);
  assert.match(await asked('domfsthaw', 'web'), /Thawed 2 filesystem/);
  await goesOn();
});

test('whoever ends the domain, or the job, thaws it first', async () => {
  await started(imageAt('/'));
  await asked('domfsfreeze', 'web');
  await asked('domjobabort', 'web');
  await goesOn();
  assert.match(await refused('domfsthaw', 'web'), /interrupted; the domain goes on/);
  await asked('domfsfreeze', 'web');
  await asked('destroy', 'web');
  assert.equal(await asked('domstate', 'web'), 'shut off');
  await world.ctvirt('start', 'web');
});

test('one that ends by itself is not held for the rest of the time', async () => {
  await world.run(domainXml({ name: 'web', filesystems: [imageAt('/')] }));
  await asked('domfsfreeze', 'web');
  const { initPid } = await world.client.domains.info({ domain: 'web' });
  assert.ok(initPid !== null);
  process.kill(initPid, 'SIGKILL');
  await waitFor('it to be off', async () => (await asked('domstate', 'web')) === 'shut off');
  await world.ctvirt('start', 'web', '--wait');
  await world.shell('web', 'echo >/root/written');
});

test('a daemon is killed, and its helper with it: the next one thaws what it finds frozen', async () => {
  for (const filesystems of [[imageAt('/')], [templateRoot, imageAt('/srv')]]) {
    await started(...filesystems);
    await asked('domfsfreeze', 'web');
    // Nobody else can let it go.
    const guards = guardsOf(world.daemonPid);
    assert.ok(guards.length > 0);
    for (const pid of guards) process.kill(pid, 'SIGSTOP');
    await world.kill();
    for (const pid of guards) process.kill(pid, 'SIGKILL');
    await stands();
    await world.start();
    await goesOn();
    assert.match(await refused('domfsthaw', 'web'), /was frozen at .*let go/);
    assert.match(await asked('domfsthaw', 'web'), /Thawed 0/);
    assert.equal(await asked('domstate', 'web'), 'running');
    await world.clear();
  }
  await started(imageAt('/'));
  await asked('domfsfreeze', 'web');
  await world.kill();
  await goesOn();
  await world.start();
});

/** What thaws when the daemon is gone. */
function guardsOf(daemon: number): number[] {
  const children = readdirSync(`/proc/${daemon}/task`).flatMap((task) =>
    readFileSync(`/proc/${daemon}/task/${task}/children`, 'utf8').trim().split(' '),
  );
  return children
    .filter(
      (pid) => pid !== '' && readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('/usr/bin/perl\0-e'),
    )
    .map(Number);
}

test('the host gets back what an image does not need', async () => {
  await started(templateRoot, imageAt('/srv'));
  const blocks = (): number => statSync(image('srv')).blocks;
  execFileSync('fallocate', ['-l', String(statSync(image('srv')).size), image('srv')]);
  const before = blocks();
  await asked('domfstrim', 'web');
  assert.ok(blocks() < before / 2, `${blocks()} of ${before}`);
  assert.match(await refused('domfstrim', 'web', '--mountpoint', '/'), /no file system of its own at \//);
});
