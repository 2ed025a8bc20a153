// One test for each OpenVZ parameter: what is enforced or approximated is broken from inside, what is recorded comes back.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { after, before, describe, test } from 'node:test';
import { resourceRules } from '@ctvirt/formats';
import type { Outcome } from '../world/command.js';
import { domainXml, templateRoot } from '../world/documents.js';
import { World } from '../world/world.js';

const MiB = 2 ** 20;
const page = 4096;
const pages = (mib: number): string => String((mib * MiB) / page);

let world: World;
const started = new Map<string, Promise<string>>();

before(async () => {
  world = await World.open();
});
after(async () => {
  await world.clear();
  await world.close();
});

/** A running domain with these parameters, the same for all tests that ask for it; the host's perl is inside. */
function domainWith(
  name: string,
  values: Readonly<Record<string, string>>,
  ...filesystems: readonly string[]
): Promise<string> {
  const known = started.get(name) ?? start(name, values, filesystems);
  started.set(name, known);
  return known;
}

async function start(
  name: string,
  values: Readonly<Record<string, string>>,
  filesystems: readonly string[],
): Promise<string> {
  const tools = "<filesystem type='mount'><source dir='/usr'/><target dir='/usr'/><readonly/></filesystem>";
  const all = [...(filesystems.length === 0 ? [templateRoot] : filesystems), tools];
  await world.define(domainXml({ name, type: 'openvz', filesystems: all }));
  await world.client.domains.setParameters({ domain: name, body: { values, stored: true } });
  await world.client.domains.start({ domain: name });
  // Where the host's programs look for their libraries.
  await world.shell(
    name,
    '/bin/busybox rmdir /lib; /bin/busybox ln -s /usr/lib64 /lib64; /bin/busybox ln -s /usr/lib /lib',
  );
  return name;
}

const perl = (domain: string, script: string): Promise<Outcome> =>
  world.exec(domain, '/usr/bin/perl', '-e', script);

/** What a script counts until it is refused, and with what. */
async function refusedAfter(
  domain: string,
  script: string,
): Promise<readonly [count: number, error: string]> {
  const { status, stdout, stderr } = await perl(domain, script);
  assert.equal(status, 0, stderr);
  const [, count = '', error = ''] = /^(\d+) (.*)$/.exec(stdout.trim()) ?? assert.fail(stdout);
  return [Number(count), error];
}

/** Numbers of system calls that perl has no words for. */
const calls = process.arch === 'arm64' ? { mlock: 228, sigqueue: 138 } : { mlock: 149, sigqueue: 129 };

const counts = () =>
  domainWith('401', {
    lockedpages: '16:16',
    shmpages: '1024:1024',
    numproc: '40:40',
    numpty: '6:6',
    numsiginfo: '40:40',
    numfile: '64:64',
  });

/** Whether a program in it can have this much memory. */
async function canHave(domain: string, mib: number): Promise<boolean> {
  const { status } = await world.exec(
    domain,
    '/bin/busybox',
    'dd',
    'if=/dev/zero',
    'of=/dev/null',
    `bs=${mib}M`,
    'count=1',
  );
  assert.ok(status === 0 || status === 137, `ended with ${status}`);
  return status === 0;
}

/** Memory the kernel counts with all other, so its limit raises that of all. */
const raising = async (key: string, name: string) => {
  const classic = { privvmpages: pages(32), kmemsize: String(MiB) };
  const plain = await domainWith('410', classic);
  assert.equal(await canHave(plain, 44), false, 'more than privvmpages');
  const domain = await domainWith(name, { ...classic, [key.toLowerCase()]: String(32 * MiB) });
  assert.equal(await canHave(domain, 44), true, `less than privvmpages and ${key}`);
  assert.equal(await canHave(domain, 90), false, `more than privvmpages and ${key}`);
};

async function cpuTimeOf(domain: string): Promise<number> {
  return (await world.client.domains.info({ domain })).cpuTimeNs ?? assert.fail('no CPU time is known');
}

/** The share of one processor that each domain has while `spinners` loops run in each of them. */
async function sharesOf(domains: readonly string[], spinners: number): Promise<number[]> {
  const loops = 'while :; do :; done & '.repeat(spinners);
  const spinning = domains.map((domain) =>
    world.exec(domain, '/bin/busybox', 'timeout', '4', '/bin/sh', '-c', `${loops}wait`),
  );
  await new Promise((resolve) => setTimeout(resolve, 500));
  const times = async () => await Promise.all(domains.map(cpuTimeOf));
  const [first, began] = [await times(), performance.now()];
  await new Promise((resolve) => setTimeout(resolve, 2500));
  const [last, elapsed] = [await times(), performance.now() - began];
  await Promise.all(spinning);
  await Promise.all(domains.map((domain) => world.shell(domain, '/bin/busybox pkill -f "while :" || true')));
  return last.map((time, at) => (time - (first[at] ?? 0)) / 1e6 / elapsed);
}

/** A line of /proc/self/status inside. */
async function statusLine(domain: string, name: string): Promise<string> {
  const text = await world.shell(domain, `/bin/busybox grep ^${name}: /proc/self/status`);
  return text.slice(text.indexOf(':') + 1).trim();
}

/** A file of the domain's own group; undefined where the kernel has none. */
async function groupFile(domain: string, controller: string, v1: string, v2: string) {
  const { initPid } = await world.client.domains.info({ domain });
  const groups = await readFile(`/proc/${initPid}/cgroup`, 'utf8');
  const own = new RegExp(`^\\d+:(?:[^:]*,)?${controller}(?:,[^:]*)?:(.*)$`, 'm').exec(groups)?.[1];
  const whole = /^0::(.*)$/m.exec(groups)?.[1];
  const path =
    own === undefined ? `/sys/fs/cgroup${whole}/${v2}` : `/sys/fs/cgroup/${controller}${own}/${v1}`;
  return await readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );
}

const guaranteed = async (resource: string): Promise<number> =>
  (await world.client.guarantees.show({})).rows.find((row) => row.resource === resource)?.guaranteed ?? 0;

/** A promise: in the ledger everywhere, in the kernel where it knows such a thing. */
async function isPromised(key: string, name: string, file: string, resource: string): Promise<void> {
  const before = await guaranteed(resource);
  const domain = await domainWith(name, { [key.toLowerCase()]: `${pages(48)}:unlimited` });
  assert.ok((await guaranteed(resource)) - before >= 48 * MiB, 'not in the ledger');
  const value = await groupFile(domain, 'memory', 'none', file);
  // cgroup v1 has no such file: the ledger and its admission are all there is.
  if (value !== undefined) assert.equal(value, String(48 * MiB));
}

/** Whether a root is limited is decided when it is made. */
const limitedRoot = templateRoot.replace(
  '</filesystem>',
  "<space_hard_limit unit='M'>64</space_hard_limit><quota type='inodes' max='2000'/></filesystem>",
);
const disk = () => domainWith('440', { diskspace: '64M:64M', diskinodes: '2000:2000' }, limitedRoot);

/** Past the cache. A limit makes it longer, and so may a busy host: nobody asks whether it is fast. */
async function secondsToWrite(domain: string, bytes: string, times: number): Promise<number> {
  const from = performance.now();
  await world.shell(
    domain,
    `/bin/busybox dd if=/dev/zero of=/written bs=${bytes} count=${times} oflag=direct 2>/dev/null`,
  );
  return (performance.now() - from) / 1000;
}

/** What breaks the limit of each parameter that has an effect. */
const breakers: Readonly<Record<string, () => Promise<void>>> = {
  KMEMSIZE: () => raising('KMEMSIZE', '411'),
  TCPSNDBUF: () => raising('TCPSNDBUF', '412'),
  TCPRCVBUF: () => raising('TCPRCVBUF', '413'),
  OTHERSOCKBUF: () => raising('OTHERSOCKBUF', '414'),
  DGRAMRCVBUF: () => raising('DGRAMRCVBUF', '415'),
  async LOCKEDPAGES() {
    const script = (kib: number) =>
      `my $b = "x" x (${kib} << 10); print syscall(${calls.mlock}, $b, ${kib} << 10) == 0 ? "locked" : $!+0`;
    assert.equal((await perl(await counts(), script(32))).stdout, 'locked');
    assert.notEqual((await perl(await counts(), script(256))).stdout, 'locked');
  },
  async PRIVVMPAGES() {
    const domain = await domainWith('409', { privvmpages: pages(32) });
    assert.deepEqual([await canHave(domain, 16), await canHave(domain, 44)], [true, false]);
  },
  async SHMPAGES() {
    const script =
      'my $n = 0; for (1..9) { defined shmget($_, 1 << 20, 0600 | 01000) or last; $n++ } print "$n $!"; shmctl(shmget($_, 0, 0), 0, 0) for 1..$n';
    assert.deepEqual(await refusedAfter(await counts(), script), [4, 'No space left on device']);
  },
  async NUMPROC() {
    const script =
      'my @p; my $e; for (1..90) { my $p = fork; if (!defined $p) { $e = $!; last } if (!$p) { sleep 60; exit } push @p, $p } print scalar(@p), " $e"; kill 9, @p; waitpid $_, 0 for @p';
    const [count, error] = await refusedAfter(await counts(), script);
    assert.equal(error, 'Resource temporarily unavailable');
    assert.ok(count >= 35 && count < 40, `${count} processes beside its own`);
  },
  async PHYSPAGES() {
    const domain = await domainWith('420', { physpages: `0:${pages(40)}`, swappages: '0:0' });
    assert.deepEqual([await canHave(domain, 24), await canHave(domain, 64)], [true, false]);
  },
  async SWAPPAGES() {
    const domain = await domainWith('421', { physpages: `0:${pages(40)}`, swappages: `0:${pages(20)}` });
    // Without swap on the host only the kernel's own word can be had; without swap accounting not even that.
    const value = await groupFile(domain, 'memory', 'memory.memsw.limit_in_bytes', 'memory.swap.max');
    if (value === undefined) assert.match(world.log, /domain '421': this kernel cannot set memory\.\S*sw/);
    else assert.ok([60 * MiB, 20 * MiB].includes(Number(value)), value);
    assert.equal(await canHave(domain, 90), false, 'more than RAM and swap');
  },
  VMGUARPAGES: () => isPromised('VMGUARPAGES', '422', 'memory.low', 'allocation'),
  OOMGUARPAGES: () => isPromised('OOMGUARPAGES', '423', 'memory.min', 'survival'),
  async NUMPTY() {
    const script =
      'my @f; while (@f < 30 && open(my $f, "+<", "/dev/ptmx")) { push @f, $f } print scalar(@f), " $!"';
    assert.deepEqual(await refusedAfter(await counts(), script), [6, 'No space left on device']);
  },
  async NUMSIGINFO() {
    const script = `use POSIX; sigprocmask(SIG_BLOCK, POSIX::SigSet->new(34));
      my $n = 0; my $info = pack("iii x116", 34, 0, -1); while ($n < 200 && syscall(${calls.sigqueue}, $$+0, 34, $info) == 0) { $n++ } print "$n $!"`;
    const [count, error] = await refusedAfter(await counts(), script);
    assert.equal(error, 'Resource temporarily unavailable');
    assert.ok(count > 0 && count <= 40, `${count} signals`); // other processes of it may have some queued
  },
  async DCACHESIZE() {
    const memory =
      "<filesystem type='ram'><source usage='65536' units='KiB'/><target dir='/held'/></filesystem>";
    const values = { privvmpages: pages(16), dcachesize: String(MiB) };
    const domain = await domainWith('424', values, templateRoot, memory);
    const line = 'cd /held; i=0; while [ $i -lt 60000 ]; do : > $i; echo; i=$((i+1)); done';
    const { stdout } = await world.exec(domain, '/bin/sh', '-c', line);
    const made = stdout.length; // nothing else finds room in it now
    assert.ok(made > 1000 && made < 60_000, `${made} files within 16 MiB`);
  },
  async NUMFILE() {
    const script =
      'my @f; while (@f < 500 && open(my $f, "<", "/dev/null")) { push @f, $f } print scalar(@f), " $!"';
    const [count, error] = await refusedAfter(await counts(), script);
    assert.equal(error, 'Too many open files');
    assert.ok(count >= 55 && count <= 61, `${count} files`);
  },
  async CPUUNITS() {
    const light = await domainWith('430', { cpuunits: '1000', cpumask: '0' });
    const heavy = await domainWith('431', { cpuunits: '3000', cpumask: '0' });
    const [a = 0, b = 0] = await sharesOf([light, heavy], 1);
    assert.ok(Math.abs(b / a / 3 - 1) < 0.15, `${a} to ${b} of a processor instead of 1 to 3`);
  },
  async CPULIMIT() {
    const [share = 0] = await sharesOf([await domainWith('432', { cpulimit: '30' })], 2);
    assert.ok(share < 0.35, `${share} of a processor`);
  },
  async CPUS() {
    const domain = await domainWith('433', { cpus: '1' });
    assert.equal(await world.shell(domain, '/bin/busybox nproc'), '1');
    const [share = 0] = await sharesOf([domain], availableParallelism() + 1);
    assert.ok(share < 1.05, `${share} processors`);
  },
  async CPUMASK() {
    const domain = await domainWith('430', { cpuunits: '1000', cpumask: '0' });
    assert.equal(await statusLine(domain, 'Cpus_allowed_list'), '0');
  },
  async NODEMASK() {
    const domain = await domainWith('434', { nodemask: '0' });
    assert.equal(await statusLine(domain, 'Mems_allowed_list'), '0');
  },
  async IOPRIO() {
    const domain = await domainWith('441', { ioprio: '2' });
    // What it comes to on a disk with weights is measured in the story of block I/O.
    const weight = await groupFile(domain, 'blkio', 'blkio.bfq.weight', 'io.bfq.weight');
    if (weight === undefined) assert.match(world.log, /domain '441': this kernel cannot set \S*weight=82/);
    else assert.match(weight, /\b82$/);
  },
  async IOLIMIT() {
    assert.ok((await secondsToWrite(await domainWith('442', { iolimit: '1M' }), '64k', 48)) > 2);
  },
  async IOPSLIMIT() {
    assert.ok((await secondsToWrite(await domainWith('443', { iopslimit: '20' }), '4k', 60)) > 2);
  },
  async DISKSPACE() {
    const { status, stderr } = await world.exec(
      await disk(),
      '/bin/busybox',
      'fallocate',
      '-l',
      '70M',
      '/large',
    );
    assert.notEqual(status, 0);
    assert.match(stderr, /No space left on device/);
    await world.shell(await disk(), '/bin/busybox rm -f /large');
  },
  async DISKINODES() {
    const line =
      'set -e; mkdir /many; cd /many; i=0; while [ $i -lt 2500 ]; do : > $i; echo; i=$((i+1)); done';
    const { status, stderr } = await world.exec(await disk(), '/bin/sh', '-c', line);
    assert.notEqual(status, 0, 'no refusal');
    assert.match(stderr, /No space left on device/);
  },
  async QUOTATIME() {
    const domain = await domainWith('444', { diskspace: '40M:64M', quotatime: '0' }, limitedRoot);
    const write = (file: string, mib: number) =>
      world.exec(
        domain,
        '/bin/busybox',
        'dd',
        'if=/dev/zero',
        `of=${file}`,
        'bs=1M',
        `count=${mib}`,
        'conv=fsync',
      );
    assert.equal((await write('/much', 45)).status, 0, 'above the soft limit, below the hard one');
    const { filesystems } = await world.client.quota.show({ domain });
    assert.equal(filesystems[0]?.space.state, 'expired');
    assert.match((await write('/more', 1)).stderr, /No space left on device/);
  },
};

/** Values of those that are only recorded. */
const recorded: Readonly<Record<string, string>> = {
  NUMTCPSOCK: '123',
  NUMFLOCK: '100:110',
  NUMOTHERSOCK: '80',
  NUMIPTENT: '128',
  AVNUMPROC: '40',
  VM_OVERCOMMIT: '1.5',
  MEMINFO: 'pages:65536',
  QUOTAUGIDLIMIT: '50',
};

/** Stored, in the container's own configuration file, and still there when the daemon has started anew. */
async function comesBack(key: string): Promise<void> {
  const value = recorded[key] ?? assert.fail(`no value to record for ${key}`);
  const domain = await domainWith(
    '450',
    Object.fromEntries(Object.entries(recorded).map(([name, one]) => [name.toLowerCase(), one])),
  );
  const rows = await world.client.domains.parameters({ domain });
  assert.equal(rows.find((row) => row.key === key)?.value, value);
  const conf = await readFile(`${world.root}/lib/domains/${domain}/${domain}.conf`, 'utf8');
  assert.match(conf, new RegExp(`^${key}="${value}(:${value})?"$`, 'm'));
}

describe('each parameter', () => {
  for (const { key, status } of resourceRules)
    test(key, async () => {
      if (status === 'recorded') return await comesBack(key);
      const breaker = breakers[key] ?? assert.fail(`${key} is ${status}: nothing here breaks it`);
      await breaker();
    });

  test('the recorded ones outlive the daemon', async () => {
    const { client } = world;
    const before = await client.domains.parameters({ domain: '450' });
    await world.kill();
    await world.start();
    assert.deepEqual(await world.client.domains.parameters({ domain: '450' }), before);
  });
});
