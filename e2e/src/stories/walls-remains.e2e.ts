// What a daemon leaves when it ends, whoever goes first: no process, no mount, and below its root nothing of the host.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { domainXml } from '../world/documents.js';
import { waitFor } from '../world/wait.js';
import { World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
after(() => world.close());

const hasFreezer = !readFileSync('/proc/self/cgroup', 'utf8').startsWith('0::');

/** On the host and in the enclosure, where the daemon is. */
const mountsOfRoot = (): string[] =>
  ['/proc/self/mountinfo', world.enclosure.mountInfo]
    .flatMap((path) => readFileSync(path, 'utf8').split('\n'))
    .filter((line) => line.includes(`${world.root}/`));
const everRunning = async (name: string): Promise<void> => {
  await world.run(domainXml({ name }));
  assert.match(await world.shell(name, 'cat /proc/self/mounts'), / \/proc\/meminfo fuse\.lxcfs /);
};

test('nothing is mounted below a root, at any time: to erase an old one does the host no harm', async () => {
  const groups = `/sys/fs/cgroup/${hasFreezer ? 'pids/' : ''}`;
  const marker = `${groups}made-up-${process.pid}`;
  mkdirSync(marker);
  let seen: string[] = [];
  const watch = setInterval(() => (seen = [...seen, ...mountsOfRoot()]), 2);
  try {
    await everRunning('web');
    await world.kill();
    await world.start();
    await everRunning('other');
    await world.stop();
    const aside = `${world.host}/old`;
    await world.enclosure.output('cp', '-a', `${world.root}/run`, aside);
    assert.doesNotMatch(await world.enclosure.output('find', `${world.root}/run`), /made-up|meminfo/);
    await world.enclosure.output('rm', '-rf', `${world.root}/run`);
    assert.ok(statSync(marker).isDirectory());
    await world.enclosure.output('mv', aside, `${world.root}/run`);
    await world.start();
    assert.match(await world.shell('web', 'cat /proc/meminfo'), /^MemTotal/);
    await world.clear();
  } finally {
    clearInterval(watch);
    rmdirSync(marker);
  }
  assert.deepEqual(seen, []);
});

for (const [how, end] of [
  ['stopped', () => world.stop()],
  ['killed', () => world.kill()],
] as const)
  test(`nothing, when it is ${how} and its containers end after it`, async () => {
    await everRunning('left');
    await everRunning('too');
    await waitFor('the one of now to be alone', () => world.lxcfs().length === 1);
    const pids = world.lxcfs();
    await end();
    assert.deepEqual(world.lxcfs(), pids);
    for (const line of world.processes().filter((found) => found.includes('/bin/sleep infinity')))
      process.kill(Number(line.split(' ')[0]), 'SIGKILL');
    await waitFor('the end of lxcfs', () => world.lxcfs().length === 0);
    const { mounts, processes } = await world.leftovers();
    assert.deepEqual({ mounts, processes }, { mounts: [], processes: [] });
    await world.start();
    await world.clear();
  });

test('a daemon that is killed at any moment of its start leaves no lxcfs', async () => {
  for (let tries = 0; tries < 12; tries++) {
    await world.kill();
    world.launch();
    await sleep(300 + tries * 40);
  }
  await world.kill();
  const lxcfs = () => world.processes().filter((line) => line.includes('/usr/bin/lxcfs'));
  await waitFor('the end of all', () => lxcfs().length === 0);
  await world.start();
});

test('no file and no rule is left by one that ends with nothing running, also after some that were killed', async () => {
  for (let times = 0; times < 3; times++) {
    await world.run(
      domainXml({
        name: 'ends',
        interfaces: ["<interface type='ethernet'><ip address='192.168.7.9'/></interface>"],
      }),
    );
    await world.kill();
    await world.start();
    await world.erase('ends');
  }
  await world.stop();
  assert.deepEqual(readdirSync(`${world.root}/run/lxcfs`), []);
  assert.equal(await world.enclosure.output('nft', 'list', 'ruleset'), '');
  assert.equal(existsSync(`/run/lxc/lock${world.root}`), false, 'folders of liblxc’s locks');
  await world.start();
});

test('five daemons, one after the other: those no container has any more are gone', async () => {
  await everRunning('stays');
  const [first] = world.lxcfs();
  for (let times = 0; times < 5; times++) {
    await world.kill();
    await world.start();
  }
  const lxcfs = () => world.processes().filter((line) => line.includes('/usr/bin/lxcfs'));
  await waitFor('the end of all but two', () => lxcfs().length === 2);
  assert.equal(world.lxcfs()[0], first);
  assert.match(await world.shell('stays', 'cat /proc/meminfo'), /^MemTotal/);
  await world.clear();
  await waitFor('the end of the first', () => world.lxcfs().length === 1);
});

test('an lxcfs that hangs is ended by the next daemon, and its files are taken out of the containers', async () => {
  await everRunning('hangs');
  const pid = world.lxcfs()[0] ?? assert.fail('no lxcfs');
  await world.kill();
  process.kill(pid, 'SIGSTOP');
  await world.start();
  await waitFor('its end', () => !world.lxcfs().includes(pid));
  const covered = () => world.shell('hangs', 'cat /proc/self/mounts');
  await waitFor('the files', async () => !/lxcfs/.test(await covered()));
  assert.match(await world.shell('hangs', 'cat /proc/meminfo'), /^MemTotal/);
  await waitFor('the next to serve', () => world.lxcfs().length === 1);
  await world.clear();
});

test('what an older daemon had mounted on the host is gone, and serves its containers', async () => {
  await world.stop();
  // As they did: lxcfs mounted, the two parts bound beside it, the rest detached.
  const [run, log] = [`${world.root}/run`, `${world.host}/lxcfs.log`];
  await world.enclosure.output(
    '/bin/sh',
    '-ec',
    `cd ${run}; rm -r lxcfs; mkdir -p lxcfs lxcfs.shown/proc lxcfs.shown/sys/devices/system/cpu
    setsid /usr/bin/lxcfs --foreground --pidfile=/proc/self/fd/0 ${run}/lxcfs 0<>${log} >${log}.1 2>&1 &
    echo -n $! >lxcfs.pid
    for try in 1 2 3 4 5 6 7 8 9; do test -d lxcfs/proc && break; sleep 0.2; done
    for part in proc sys/devices/system/cpu; do mount --bind lxcfs/$part lxcfs.shown/$part; done
    umount -l ${run}/lxcfs`,
  );
  const old = Number(readFileSync(`${run}/lxcfs.pid`, 'utf8'));
  assert.equal(mountsOfRoot().length, 2);
  await world.start();
  assert.deepEqual(mountsOfRoot(), []);
  assert.deepEqual(
    readdirSync(run).filter((name) => name.startsWith('lxcfs')),
    ['lxcfs'],
  );
  // No container had it: it ends by itself.
  await waitFor('its end', () => !world.processes().some((line) => line.startsWith(`${old} `)));
});
