// Limits on cgroup v2: set as they are meant, changed while the container runs, and met by whoever tries to break them.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@ctvirt/rpc';
import { domainXml } from '../world/documents.js';
import { waitFor } from '../world/wait.js';
import type { World } from '../world/world.js';
import { Group, sharesOf } from './group.js';
import { burstKiB, inboundRate, outboundRate, waitForPage } from './link-rates.js';
import { sharedWorld } from './shared-world.js';

const MiB = 2 ** 20;
const spinning = ['/bin/sh', '-c', 'while :; do :; done'];
const mebibytes = (element: string, value: number) => `<${element} unit='MiB'>${value}</${element}>`;
const memory = (max: number, more = '') =>
  `${mebibytes('memory', max)}<memtune>${mebibytes('hard_limit', max)}${more}</memtune>`;

const mostProcesses = Math.min(
  ...['pid_max', 'threads-max'].map((name) => Number(readFileSync(`/proc/sys/kernel/${name}`, 'utf8'))),
);

/** What is given is looked at after ten seconds, with the next round of counting. */
const nextLookMs = 16_000;

suite('limits on cgroup v2', () => {
  let world: World;
  before(async () => {
    world = await sharedWorld();
  });
  afterEach(() => world.clear());

  const run = async (parts: Parameters<typeof domainXml>[0]) =>
    await Group.of(world, await world.run(domainXml(parts)));
  const set = (domain: string, values: Record<string, string>) =>
    world.client.domains.setParameters({ domain, body: { values, live: true } });

  test('a document’s limits are in the kernel’s files, and a live change changes them', async () => {
    const more = `${memory(64, `${mebibytes('soft_limit', 48)}${mebibytes('swap_hard_limit', 96)}${mebibytes('min_guarantee', 16)}`)}
      <cputune><shares>512</shares><period>50000</period><quota>15000</quota></cputune>`;
    const group = await run({ name: '601', type: 'openvz', more });
    const files = ['memory.max', 'memory.high', 'memory.low', 'memory.swap.max', 'cpu.weight', 'cpu.max'];
    const seen = () => Object.fromEntries(files.map((file) => [file, group.read(file)]));
    const wanted = {
      'memory.max': String(64 * MiB),
      'memory.high': String(48 * MiB),
      'memory.low': String(16 * MiB),
      'memory.swap.max': String(32 * MiB),
      'cpu.weight': '50',
      'cpu.max': '15000 50000',
    };
    assert.deepEqual(seen(), wanted);
    await set('601', { numproc: '30', oomguarpages: '8M', swappages: '16M', cpulimit: '40' });
    assert.deepEqual(
      ['pids.max', 'memory.min', 'memory.swap.max', 'cpu.max'].map((file) => group.read(file)),
      ['30', String(8 * MiB), String(16 * MiB), '40000 100000'],
    );
    assert.equal(group.read('memory.max'), wanted['memory.max'], 'what was not named stays');
  });

  test('who freezes itself in a group of its own is destroyed, who nests groups is stopped', async () => {
    const group = await run({ name: '620' });
    assert.equal(group.parent.read('pids.max'), String(Math.floor(mostProcesses * 0.8)));
    assert.equal(group.read('pids.max'), String(Math.floor(mostProcesses * 0.15)));
    const line = `mkdir -p /mnt; mount -t cgroup2 none /mnt && cd /mnt && mkdir own && sleep 1000 & sleep 1
      echo $! >/mnt/own/cgroup.procs; echo 1 >/mnt/own/cgroup.freeze; cd /mnt
      n=0; while mkdir g && cd g; do n=$((n + 1)); [ $n -lt 100 ] || break; done 2>/dev/null; echo $n`;
    const { stdout } = await world.exec('620', '/bin/sh', '-c', line);
    assert.ok(Number(stdout) <= 64, stdout);
    await world.client.domains.destroy({ domain: '620' });
    assert.equal(await world.state('620'), 'shutoff (destroyed)');
    await world.client.domains.start({ domain: '620' });
    await world.client.domains.suspend({ domain: '620' });
    await world.client.domains.destroy({ domain: '620' });
  });

  test('who spreads its threads over groups of its own is seen, counted and destroyed', async () => {
    await run({ name: '621' });
    const line = `mkdir -p /mnt; mount -t cgroup2 none /mnt && mkdir -p /mnt/own/threads && sleep 1000 & sleep 1
      echo threaded >/mnt/own/threads/cgroup.type && echo $! >/mnt/own/cgroup.procs
      cat /mnt/own/cgroup.type; cat /mnt/own/threads/cgroup.procs 2>&1`;
    const { stdout } = await world.exec('621', '/bin/sh', '-c', line);
    assert.match(stdout, /^domain threaded\n.*not supported/i);
    const seen = await world.client.usage.processes({ domain: '621' });
    assert.ok(
      seen.some(({ command }) => command.includes('1000')),
      JSON.stringify(seen),
    );
    await world.client.domains.destroy({ domain: '621' });
    assert.equal(await world.state('621'), 'shutoff (destroyed)');
  });

  test('numproc: a fork bomb stays within it, and destroy ends it', async () => {
    const group = await run({ name: '602', type: 'openvz' });
    await set('602', { numproc: '20' });
    const bomb = world.exec('602', '/bin/sh', '-c', 'bomb() { bomb | bomb & }; bomb');
    await waitFor('the limit to be met', () => group.count('pids.events', 'max') > 0);
    assert.ok(Number(group.read('pids.current')) <= 20);
    await world.client.domains.destroy({ domain: '602' });
    await bomb.catch(() => undefined); // its session ends with the container
  });

  test('ram: too much memory ends the process that wants it, not the container', async () => {
    const group = await run({ name: 'greedy', more: memory(32, mebibytes('swap_hard_limit', 40)) });
    const { status } = await world.exec('greedy', 'dd', 'if=/dev/zero', 'of=/dev/null', 'bs=64M', 'count=1');
    assert.equal(status, 137);
    assert.ok(group.count('memory.events', 'oom_kill') > 0);
    assert.equal(await world.state('greedy'), 'running (booted)');
  });

  test('cpulimit: a loop gets its share of a processor and no more, also after a live change', async () => {
    const quota = '<cputune><period>100000</period><quota>30000</quota></cputune>';
    const group = await run({ name: '603', type: 'openvz', program: spinning, more: quota });
    const share = async () => (await sharesOf([group], 2000))[0] ?? 0;
    assertWithin(await share(), 0.3, 0.05);
    await set('603', { cpulimit: '60' });
    assertWithin(await share(), 0.6, 0.05);
  });

  test('cpuunits: two loops on one processor get what their weights say', async () => {
    const weighed = (name: string, shares: number) =>
      run({ name, program: spinning, more: `<cputune><shares>${shares}</shares></cputune>` });
    const groups = [await weighed('light', 1024), await weighed('heavy', 3072)];
    const [light = 0, heavy = 0] = await sharesOf(groups, 3000);
    assertWithin(heavy / light, 3, 3 * 0.15);
  });

  test('a memory guarantee: the working set stays, whatever a neighbour reads', async (context) => {
    const guaranteed = await run({
      name: 'guaranteed',
      more: memory(64, mebibytes('min_guarantee', 32)),
    });
    const plain = await run({ name: 'plain', more: memory(64) });
    const hog = await run({ name: 'hog' });
    const delivered = async () => {
      const all = await world.client.guarantees.delivered({ minutes: 1 });
      return all.find(({ name }) => name === 'guaranteed') ?? assert.fail('not told of');
    };
    assert.equal(guaranteed.parent.read('memory.low'), String(32 * MiB), 'passed on by the group above');
    for (const name of ['guaranteed', 'plain'])
      await world.shell(name, 'dd if=/dev/zero of=/set bs=1M count=24 2>/dev/null; sync');
    const cached = (group: Group) => group.count('memory.stat', 'file') / MiB;
    assert.ok(cached(guaranteed) >= 24 && cached(plain) >= 24);
    // The minute that is told of begins with all of it there.
    await sleep(60_000 + nextLookMs);
    assert.ok((await delivered()).given !== null);
    // Less for all containers than they would use: the machine's own memory takes too long to fill.
    const whole = guaranteed.parent.read('memory.max');
    context.after(() => guaranteed.parent.write('memory.max', whole));
    guaranteed.parent.write('memory.max', String(80 * MiB));
    await world.shell('hog', 'truncate -s 240M /much; for i in 1 2; do cat /much; done >/dev/null');
    assert.ok(cached(hog) > 8, 'the neighbour lives');
    assert.ok(cached(guaranteed) >= 23, `${cached(guaranteed)} MiB of 24 are left to the guaranteed one`);
    assert.ok(cached(plain) < 16, `${cached(plain)} MiB of 24 are left to the one without a guarantee`);
    await sleep(nextLookMs);
    const { given, memory: promise } = await delivered();
    assert.deepEqual([promise.verdict, given?.reclaims], ['kept', 0]);
    assert.ok((given?.leastMemoryBytes ?? 0) >= 23 * MiB, `it held ${given?.leastMemoryBytes} bytes`);
    // Less than was promised.
    guaranteed.parent.write('memory.max', String(16 * MiB));
    await sleep(nextLookMs);
    assert.equal((await delivered()).memory.verdict, 'broken');
  });

  test('bandwidth: both ways within the rates, also after a live change', async (context) => {
    const burst = `burst='${burstKiB}'`;
    const rates = `<bandwidth><inbound average='300' ${burst}/><outbound average='200' ${burst}/></bandwidth>`;
    const address = '192.168.7.30';
    const said = world.log.length;
    const link = `<interface type='ethernet'>${rates}<target dev='ve-slow'/><ip address='${address}'/></interface>`;
    await run({ name: 'slow', program: [], interfaces: [link] });
    assert.doesNotMatch(world.log.slice(said), /is not limited/);
    await waitForPage(world, `http://${address}/`);
    const first = await outboundRate(world, 'slow', address);
    const inbound = await inboundRate(world, 'slow');
    const connection = await connect(`ctvirt+unix:///system?socket=${world.root}/run/libvirt-sock`);
    const domain = await connection.domainLookupByName({ name: 'slow' });
    const params = [{ field: 'outbound.average', type: 'uint', value: 400 } as const];
    await domain.setInterfaceParameters({ device: 've-slow', params, flags: 1 });
    await connection.close();
    const second = await outboundRate(world, 'slow', address);
    const told = `${first.toFixed(0)} and ${second.toFixed(0)} KiB/s from it, ${inbound.toFixed(0)} to it`;
    context.diagnostic(told);
    // What is too much of what it sends is dropped, so TCP stays below the rate.
    assert.ok(first > 120 && first < 205, told);
    assert.ok(second > 210 && second < 410, told);
    assert.ok(inbound > 220 && inbound < 310, told);
  });

  test('suspend: nothing runs until resume', async () => {
    const group = await run({ name: 'still', program: spinning });
    await world.client.domains.suspend({ domain: 'still' });
    assert.equal(group.count('cgroup.events', 'frozen'), 1);
    const at = group.cpuSeconds;
    await sleep(500);
    assert.equal(group.cpuSeconds, at);
    await world.client.domains.resume({ domain: 'still' });
    const [share = 0] = await sharesOf([group], 500);
    assert.ok(share > 0.5, `it uses ${share} of a processor`);
  });
});

function assertWithin(value: number, wanted: number, by: number): void {
  assert.ok(Math.abs(value - wanted) <= by, `${value.toFixed(3)} is not within ${by} of ${wanted}`);
}
