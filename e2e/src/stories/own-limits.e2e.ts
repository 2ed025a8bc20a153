// What a container sees of the machine is its own share of it, with lxcfs, after it, and without it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { domainXml } from '../world/documents.js';
import { waitFor } from '../world/wait.js';
import { World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(() => world.clear());
after(() => world.close());

const limited = (name: string) =>
  domainXml({
    name,
    more: `<memory unit='MiB'>96</memory>
  <vcpu>1</vcpu>
  <memtune><hard_limit unit='MiB'>96</hard_limit></memtune>`,
  });
const totalKiB = async (domain: string): Promise<number> =>
  Number(/^MemTotal: +(\d+)/m.exec(await world.shell(domain, 'cat /proc/meminfo'))?.[1]);
const processors = async (domain: string): Promise<number> =>
  Number(await world.shell(domain, 'grep -c ^processor /proc/cpuinfo'));
const uptime = async (domain: string): Promise<number> =>
  Number((await world.shell(domain, 'cat /proc/uptime')).split('.')[0]);
const lxcfsPid = (): number => world.lxcfs().at(-1) ?? assert.fail('no lxcfs');
const hostUptime = (): number => Number(readFileSync('/proc/uptime', 'utf8').split('.')[0]);

test('memory, processors, uptime, load and swap are those of the domain', async () => {
  await world.run(limited('701'));
  assert.equal(await totalKiB('701'), 96 * 1024);
  assert.equal(await processors('701'), 1);
  assert.equal(await world.shell('701', 'cat /sys/devices/system/cpu/online'), '0');
  assert.equal(await world.shell('701', 'grep -c "^cpu[0-9]" /proc/stat'), '1');
  assert.ok((await uptime('701')) < 60);
  assert.ok((await uptime('701')) < hostUptime());
  assert.match(await world.shell('701', 'cat /proc/loadavg'), /^0\.0\d 0\.0\d /);
  assert.match(await world.shell('701', 'cat /proc/swaps'), /^Filename/);
  // What people type; in a login shell too, whose applets would ask the kernel.
  const { stdout: free } = await world.exec('701', '/usr/bin/free', '-m');
  assert.match(free, /^ {14}total {8}used .*\nMem: +96 +\d+ +\d+ .*\nSwap: +0 +0 +0\n$/);
  assert.match(
    await world.shell('701', "sh -lc 'free; nproc; uptime'"),
    /^Mem: +98304 [\s\S]*\n1\n .* up 0:00, /m,
  );
  assert.match((await world.exec('701', '/usr/bin/top', '-bn1')).stdout, /^Mem: \d{1,5}K used, \d{5}K free/);
  assert.equal((await world.exec('701', '/usr/bin/free', '-x')).status, 1);
  // Another one has others, and a change of the running domain is seen at once.
  await world.client.domains.setParameters({ domain: '701', body: { values: { physpages: '0:32M' } } });
  assert.equal(await totalKiB('701'), 32 * 1024);
});

test('the daemon may go and come, by kill -9 too: containers keep their files, of an lxcfs that ends with them', async () => {
  await world.run(limited('702'));
  const pid = lxcfsPid();
  for (const end of [() => world.stop(), () => world.kill()]) {
    await end();
    assert.ok(!isGone(pid));
    await world.start();
    assert.equal(await totalKiB('702'), 96 * 1024);
  }
  await waitFor('one of its own', () => lxcfsPid() !== pid);
  await waitFor('all others to end', () => world.lxcfs().length === 2);
  assert.deepEqual(
    (await owned()).map(({ kind, owner }) => `${kind} ${owner}`),
    ['process daemon', 'process daemon'],
  );
  await world.run(limited('703'));
  assert.equal(await totalKiB('703'), 96 * 1024);
  await world.client.domains.destroy({ domain: '702' });
  await waitFor('it to end with its container', () => isGone(pid));
  assert.equal(await totalKiB('703'), 96 * 1024);
  assert.doesNotMatch(world.log, /lxcfs has ended/);
});

test("it is the daemon's in its own account, and ends with it when nothing runs", async () => {
  await waitFor('lxcfs', async () => (await owned()).length === 1);
  assert.deepEqual(
    (await owned()).map(({ kind, owner }) => `${kind} ${owner}`),
    ['process daemon'],
  );
  const pid = lxcfsPid();
  await world.stop();
  assert.ok(isGone(pid));
  await world.start();
});
const owned = async () =>
  (await world.client.check.list()).owned.filter(({ what }) => what.includes('lxcfs'));

const strays = async () => (await world.client.check.list()).stray.map(({ kind }) => kind);

test('one that is killed is said once, taken out of the containers, and started again for the next', async () => {
  await world.run(limited('704'));
  assert.equal(await totalKiB('704'), 96 * 1024);
  process.kill(lxcfsPid(), 'SIGKILL');
  await world.logged(/lxcfs has ended/, 1000);
  await world.run(limited('705'));
  await waitFor("the kernel's files in the container", async () => (await totalKiB('704')) > 96 * 1024);
  assert.equal(world.log.match(/lxcfs has ended or hangs/g)?.length, 1, world.log);
  assert.deepEqual(await strays(), []);
});

test('one that hangs holds up neither the daemon nor a start', async () => {
  await world.stop();
  await world.start();
  await world.run(limited('706'));
  const pid = lxcfsPid();
  process.kill(pid, 'SIGSTOP');
  const began = performance.now();
  await world.run(limited('707'));
  await world.client.check.list();
  await world.client.beancounters.list();
  assert.ok(performance.now() - began < 10_000, 'the daemon waited for it');
  await waitFor('its end', async () => isGone(pid));
  assert.ok((await totalKiB('706')) > 0);
});
/** One that has ended may wait for whoever adopted it: then it has no command line any more. */
const isGone = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') === '';
  } catch {
    return true;
  }
};

test('a host without it: containers start all the same, with one warning', async () => {
  await world.clear();
  await world.stop();
  // A white-out hides the program from this daemon alone.
  await world.enclosure.output(
    '/bin/sh',
    '-ec',
    'mount -t tmpfs none /mnt; mkdir /mnt/upper /mnt/work; mknod /mnt/upper/lxcfs c 0 0; ' +
      'mount -t overlay -o lowerdir=/usr/bin,upperdir=/mnt/upper,workdir=/mnt/work overlay /usr/bin',
  );
  await world.start();
  try {
    await world.run(limited('708'));
    await world.run(limited('709'));
    await sleep(100);
    assert.ok((await totalKiB('708')) > 96 * 1024);
    assert.equal(world.log.match(/install Debian's package lxcfs/g)?.length, 1, world.log);
  } finally {
    await world.clear();
    await world.stop();
    await world.enclosure.output('umount', '-l', '/usr/bin', '/mnt');
    await world.start();
  }
});
