// Guarantees: the ledger of what runs, and a host that promises no more than it has.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { after, afterEach, before, test } from 'node:test';
import { domainXml, templateRoot } from '../world/documents.js';
import { waitFor } from '../world/wait.js';
import { refused, World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(() => world.clear());
after(() => world.close());

const MiB = 2 ** 20;
const promised = (name: string, mib: number) =>
  domainXml({
    name,
    more: `<memory unit='MiB'>${mib + 64}</memory><memtune><min_guarantee unit='MiB'>${mib}</min_guarantee></memtune>`,
  });
const allocation = async () =>
  (await world.client.guarantees.show({})).rows.find(({ resource }) => resource === 'allocation');
/** A third of what this host has could be promised once, not four times. */
const third = Math.floor(totalmem() / MiB / 3);

test('what runs is in the ledger, and no more when it has ended', async () => {
  const before = await allocation();
  await world.run(promised('kept', 100));
  const during = await allocation();
  assert.equal((during?.guaranteed ?? 0) - (before?.guaranteed ?? 0), 100 * MiB);
  assert.ok((during?.used ?? 0) > 0);
  const { domains } = await world.client.guarantees.show({});
  assert.equal(domains.find(({ name }) => name === 'kept')?.allocationBytes, 100 * MiB);
  await world.client.domains.destroy({ domain: 'kept' });
  assert.deepEqual(await allocation(), before);
});

test('how many more of a profile fit falls by one with each that runs', async () => {
  const fits = async () => (await world.client.guarantees.show({ profile: 'vps.basic' })).fits ?? 0;
  const first = await fits();
  await world.run(domainXml({ name: '410', type: 'openvz', more: '<profile>vps.basic</profile>' }));
  assert.equal(await fits(), first - 1);
  const { stdout } = await world.cli(['guarantees', '--what-if', 'vps.basic']);
  assert.match(
    stdout,
    /^\d+ more of vps\.basic fit: (allocation runs out first, 15\d MiB|cpu runs out first, 1000) for each$/m,
  );
});

test('strict: what the host cannot keep is refused at define, at start and while it runs', async () => {
  await world.stop();
  await mkdir(`${world.root}/etc`, { recursive: true });
  await writeFile(`${world.root}/etc/ctvirtd.conf`, 'guarantees = "strict"\n');
  await world.start();
  try {
    await refused('overcommitted', world.define(promised('giant', 16 * third)));
    // Swap counts too: as many as the host can promise, then one more.
    const { headroom } = (await allocation()) ?? {};
    const most = Math.floor((headroom ?? 0) / MiB / third);
    for (let index = 0; index <= most; index++) await world.define(promised(`part${index}`, third));
    for (let index = 0; index < most; index++) await world.client.domains.start({ domain: `part${index}` });
    await refused('overcommitted', world.client.domains.start({ domain: `part${most}` }));
    assert.equal(await world.state(`part${most}`), 'shutoff (unknown)');
    const more = { values: { ram: 'unlimited', vmguarpages: `${4 * third}M` }, live: true };
    await refused('overcommitted', world.client.domains.setParameters({ domain: 'part0', body: more }));
    await world.client.domains.destroy({ domain: 'part0' });
    await world.client.domains.start({ domain: `part${most}` });
    const { rows } = await world.client.guarantees.show({});
    assert.ok(rows.every((row) => row.headroom === null || row.headroom >= 0));
  } finally {
    await writeFile(`${world.root}/etc/ctvirtd.conf`, '');
    await world.stop();
    await world.start();
  }
});

test('warn: it runs, and the definition says that its guarantee may not be kept', async () => {
  const { findings } = await world.define(promised('hopeful', 16 * third));
  assert.ok(findings.some(({ message }) => message.includes('cannot keep')));
  const told =
    /^warning: this host cannot keep what domain 'hopeful' is promised: .* too much; see `ctvirt guarantees`$/m;
  assert.match((await world.cli(['start', 'hopeful'])).stderr, told);
  const more = [
    'set',
    'hopeful',
    '--ram',
    'unlimited',
    '--vmguarpages',
    `${17 * third}M:unlimited`,
    '--live',
  ];
  assert.match((await world.cli(more)).stderr, told);
  assert.ok(((await allocation())?.headroom ?? 0) < 0);
});

test('oomguarpages: whoever is beyond his own is ended first, and nobody is singled out when none is promised', async () => {
  const score = async (name: string): Promise<number> => {
    const { initPid } = await world.client.domains.info({ domain: name });
    return Number(await readFile(`/proc/${initPid}/oom_score_adj`, 'utf8'));
  };
  const own = Number(await readFile('/proc/self/oom_score_adj', 'utf8'));
  const memory =
    "<filesystem type='ram'><source usage='65536' units='KiB'/><target dir='/held'/></filesystem>";
  await world.run(domainXml({ name: '321', type: 'openvz', filesystems: [templateRoot, memory] }));
  await world.run(domainXml({ name: '322', type: 'openvz' }));
  const { setParameters } = world.client.domains;
  const promise = (pages: number) =>
    setParameters({ domain: '321', body: { values: { oomguarpages: `${pages}:unlimited` }, live: true } });
  assert.deepEqual([await score('321'), await score('322')], [own, own]);

  await promise(8192);
  await waitFor('the other to go first', async () => (await score('322')) > own);
  assert.equal(await score('321'), own);

  // Files in memory cannot be read again from disk: they count as what it holds.
  await world.shell('321', 'dd if=/dev/zero of=/held/file bs=1M count=40 2>/dev/null');
  await waitFor('the promise to be used up', async () => (await score('321')) > own);
  await world.shell('321', 'rm /held/file');
  await waitFor('it to be within again', async () => (await score('321')) === own);

  await promise(0);
  await waitFor('all to be equal', async () => (await score('322')) === own);
});

test('what a domain was given stands beside what it was promised', async () => {
  await world.run(
    domainXml({
      name: 'busy',
      program: ['/bin/sh', '-c', 'while :; do :; done'],
      more: `<memory unit='MiB'>64</memory>
  <memtune><hard_limit unit='MiB'>64</hard_limit><min_guarantee unit='MiB'>16</min_guarantee></memtune>
  <cputune><shares>1024</shares><period>100000</period><quota>20000</quota></cputune>`,
    }),
  );
  await world.run(domainXml({ name: 'idle' }));
  const delivered = async (domain: string) =>
    (await world.client.guarantees.delivered({ minutes: 1 })).find(({ name }) => name === domain);
  assert.equal((await delivered('busy'))?.given, null, 'nothing is known before it was looked at twice');
  await world.shell('busy', 'tail /dev/zero || true');
  await waitFor('two looks', async () => ((await delivered('idle'))?.given ?? null) !== null);
  const [busy, idle] = [await delivered('busy'), await delivered('idle')];
  const { cpuShare = null, throttledShare = null } = busy?.given ?? {};
  // No more than its quota, of which a crowded host may leave less.
  assert.ok((cpuShare ?? 0) > 0.02 && (cpuShare ?? 1) < 0.25, `a share of ${cpuShare}`);
  assert.ok((throttledShare ?? 0) > 0.02, `throttled for ${throttledShare} of the time`);
  assert.ok((busy?.cpu.promisedShare ?? 0) > 0 && busy?.cpu.units === 1000);
  assert.ok((busy?.given?.leastMemoryBytes ?? 0) > 0);
  assert.deepEqual([busy?.memory.allocationBytes, idle?.memory.verdict], [16 * MiB, null]);
  // cgroup v1 guarantees no memory, and cannot tell.
  assert.match(String(busy?.memory.verdict), /^(?:unknown|kept)$/);
  assert.ok((idle?.given?.cpuShare ?? 1) < 0.02);
  const { stdout } = await world.cli(['guarantees', '--delivered', '--minutes', '1']);
  assert.match(stdout, /^ busy +\d+ s +\d+ % +\d+ % +[1-9]\d* % /m);
});
