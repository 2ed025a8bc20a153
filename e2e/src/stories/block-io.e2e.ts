// Block I/O: limits that are broken from inside, on a folder and on an image; weights; changed live, stored or both.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { after, afterEach, before, test } from 'node:test';
import { run } from '../world/command.js';
import { domainXml } from '../world/documents.js';
import { busybox, refused, World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(() => world.clear());
after(() => world.close());

const imageRoot = `<filesystem type='template'><source name='${busybox}'/><target dir='/'/><space_hard_limit unit='MiB'>32</space_hard_limit></filesystem>`;
const set = (
  domain: string,
  values: Record<string, string>,
  where: { live?: boolean; stored?: boolean } = {},
) => world.client.domains.setParameters({ domain, body: { values, ...where } });
const row = async (domain: string, key: string, inactive = false) =>
  (await world.client.domains.parameters({ domain, inactive })).find((one) => one.key === key);

/** What a file of block I/O in the container's own group says. */
async function groupFile(domain: string, v1: string, v2: string, from = world): Promise<string> {
  const { initPid } = await from.client.domains.info({ domain });
  const groups = await readFile(`/proc/${initPid}/cgroup`, 'utf8');
  const blkio = /^\d+:blkio:(.*)$/m.exec(groups)?.[1];
  const path =
    blkio === undefined
      ? `/sys/fs/cgroup${/^0::(.*)$/m.exec(groups)?.[1]}/${v2}`
      : `/sys/fs/cgroup/blkio${blkio}/${v1}`;
  return (await readFile(path, 'utf8')).trim();
}
const writeLimits = (domain: string) => groupFile(domain, 'blkio.throttle.write_bps_device', 'io.max');

/** What each has read from disks so far. */
async function readBytes(from: World, domains: readonly string[]): Promise<Record<string, number>> {
  const read: Record<string, number> = {};
  for (const domain of domains) {
    const text = await groupFile(domain, 'blkio.bfq.io_service_bytes', 'io.stat', from);
    read[domain] = [...text.matchAll(/\bRead (\d+)|\brbytes=(\d+)/g)].reduce(
      (sum, [, v1, v2]) => sum + Number(v1 ?? v2),
      0,
    );
  }
  return read;
}

/** How long it takes to move this much past the cache. A limit makes it longer, and so may a busy host: only that is asked. */
async function seconds(domain: string, line: string): Promise<number> {
  const from = process.hrtime.bigint();
  await world.shell(domain, `${line} 2>/dev/null`);
  return Number(process.hrtime.bigint() - from) / 1e9;
}
const write = (count: number, bs: string) => `dd if=/dev/zero of=/file bs=${bs} count=${count} oflag=direct`;
const read = (count: number, bs: string) => `dd if=/file of=/dev/null bs=${bs} count=${count} iflag=direct`;

for (const [where, filesystems] of [
  ['a folder of the host', undefined],
  ['an image', [imageRoot]],
] as const) {
  test(`iolimit and iopslimit on a root in ${where}: what moves past them takes its time`, async () => {
    await world.run(domainXml({ name: 'slow', type: 'openvz', ...(filesystems && { filesystems }) }));
    await set('slow', { iolimit: '2M' });
    // 3 MiB at 2 MiB a second; a little may pass at once.
    assert.ok((await seconds('slow', write(48, '64k'))) > 1, 'written');
    assert.ok((await seconds('slow', read(48, '64k'))) > 1, 'read');
    assert.ok(
      (await seconds('slow', 'dd if=/dev/zero of=/file2 bs=64k count=48 conv=fsync')) > 1,
      'written and synced',
    );
    await set('slow', { iolimit: '0', iopslimit: '40' });
    assert.ok((await seconds('slow', write(60, '4k'))) > 1, 'operations');
    await set('slow', { iopslimit: '0' });
    assert.doesNotMatch(await writeLimits('slow'), /\d+:\d+ .*[1-9]/);
  });
}

test('a limit holds from the start, changes live, stored or both, and survives the daemon', async () => {
  await world.define(domainXml({ name: '620', type: 'openvz', filesystems: [imageRoot] }));
  await set('620', { iolimit: '2M', ioprio: '7' });
  await world.client.domains.start({ domain: '620' });
  assert.match(await writeLimits('620'), /\b2097152\b/);
  assert.match(await groupFile('620', 'blkio.bfq.weight', 'io.bfq.weight'), /\b128$/);
  await set('620', { iolimit: '3M' });
  assert.match(await writeLimits('620'), /\b3145728\b/);
  assert.doesNotMatch(await writeLimits('620'), /\b2097152\b/);
  assert.equal((await row('620', 'IOLIMIT', true))?.value, '2M');
  await set('620', { iolimit: '4M', ioprio: '0' }, { live: true, stored: true });
  await world.kill();
  await world.start();
  assert.match(await writeLimits('620'), /\b4194304\b/);
  assert.equal((await row('620', 'IOLIMIT'))?.status, 'approximated');
  // Which loop device the image has, a new daemon finds out again.
  await set('620', { iolimit: '5M' });
  assert.doesNotMatch(await writeLimits('620'), /\b4194304\b/);
  assert.match(await readFile(`${world.root}/lib/domains/620/620.conf`, 'utf8'), /^IOLIMIT="4M"$/m);
});

test('<blkiotune>: disks by name, refused by name where there is none', async () => {
  const tuned = (name: string, path: string) =>
    domainXml({
      name,
      more: `<blkiotune><device><path>${path}</path><read_iops_sec>77</read_iops_sec></device></blkiotune>`,
    });
  const { source } = JSON.parse(
    (await run(['findmnt', '--nofsroot', '--json', '-T', '/tmp', '-o', 'SOURCE'])).stdout,
  ).filesystems[0] as { source: string };
  const disk = (await run(['lsblk', '-no', 'PKNAME', source])).stdout.trim();
  await world.run(tuned('named', disk === '' ? source : `/dev/${disk}`));
  assert.match(await groupFile('named', 'blkio.throttle.read_iops_device', 'io.max'), /\b77\b/);
  await world.define(tuned('absent', '/dev/no-such-disk'));
  const error = await refused('not-found', world.client.domains.start({ domain: 'absent' }));
  assert.match(error.message, /\/dev\/no-such-disk/);
  assert.equal(await world.state('absent'), 'shutoff (unknown)');
});

test('virsh blkiotune: live, and refused live where the disk has no weights', async () => {
  await world.run(domainXml({ name: 'tuned', filesystems: [imageRoot] }));
  const virsh = (...args: readonly string[]) =>
    run(['virsh', '-c', world.uri('lxc'), 'blkiotune', 'tuned', ...args]);
  assert.equal((await virsh('--weight', '300', '--live', '--config')).status, 0);
  assert.match(await groupFile('tuned', 'blkio.bfq.weight', 'io.bfq.weight'), /\b300$/);
  assert.match((await virsh('--config')).stdout, /weight\s+: 300/);
  const loop = (
    await run(['losetup', '-nO', 'NAME', '-j', `${world.root}/lib/roots/tuned/root.img`])
  ).stdout.trim();
  assert.equal((await virsh('--device-write-bytes-sec', `${loop},1048576`, '--live')).status, 0);
  assert.match(await writeLimits('tuned'), /\b1048576\b/);
  const weighed = await virsh('--device-weights', `${loop},200`, '--live');
  assert.notEqual(weighed.status, 0);
  assert.match(weighed.stderr, /weight_device|io\.bfq\.weight/);
  const absent = await virsh('--device-read-bytes-sec', '/dev/absent,1000', '--live');
  assert.match(absent.stderr, /invalid argument: there is no disk \/dev\/absent/);
  assert.doesNotMatch((await virsh()).stdout, new RegExp(`device_weight\\s+: ${loop}`));
});

test('what the kernel refuses leaves everything as it was', async () => {
  await world.run(domainXml({ name: '621', type: 'openvz', more: '<profile>vps.basic</profile>' }));
  await set('621', { iolimit: '2M' }, { live: true, stored: true });
  // Less memory than init itself needs is refused on cgroup v1, and a processor that is not there on both.
  const error = await refused(
    'unsupported',
    set('621', { iolimit: '3M', cpumask: '4000' }, { live: true, stored: true }),
  );
  assert.match(error.message, /cpuset\.cpus/);
  assert.match(await writeLimits('621'), /\b2097152\b/);
  for (const inactive of [false, true]) {
    assert.equal((await row('621', 'IOLIMIT', inactive))?.value, '2M');
    assert.equal(await row('621', 'CPUMASK', inactive), undefined);
  }
  assert.doesNotMatch(await readFile(`${world.root}/lib/domains/621/621.conf`, 'utf8'), /CPUMASK/);
});

test('weights: of a disk that both want, who has ten times the weight gets more', async () => {
  const small = await World.open({ diskMiB: 96 });
  const source = (await small.enclosure.output('findmnt', '--nofsroot', '-no', 'SOURCE', small.root)).trim();
  const scheduler = `/sys/block/${source.replace('/dev/', '')}/queue/scheduler`;
  const usual = /\[(.+)\]/.exec(await readFile(scheduler, 'utf8'))?.[1] ?? 'none';
  await writeFile(scheduler, 'bfq');
  try {
    const weighted = (name: string, weight: number) =>
      domainXml({ name, more: `<blkiotune><weight>${weight}</weight></blkiotune>` });
    await small.run(weighted('heavy', 1000));
    await small.run(weighted('light', 100));
    assert.equal(
      (await small.client.domains.parameters({ domain: 'heavy' })).find(({ key }) => key === 'IOPRIO')
        ?.status,
      'approximated',
    );
    for (const name of ['heavy', 'light'])
      await small.shell(name, 'dd if=/dev/zero of=/file bs=64k count=320 conv=fsync 2>/dev/null');
    // Four readers each, so that the disk always has a choice.
    const readers =
      'for i in 1 2 3 4; do (while :; do dd if=/file of=/dev/null bs=1M iflag=direct 2>/dev/null; done) & done';
    await Promise.all(
      ['heavy', 'light'].map((name) => small.shell(name, `${readers}; sleep 4; kill $(jobs -p)`)),
    );
    const { heavy = 0, light = 0 } = await readBytes(small, ['heavy', 'light']);
    assert.ok(heavy > 1.2 * light, `${heavy} and ${light} bytes`);
    await small.clear();
  } finally {
    await writeFile(scheduler, usual);
    await small.close();
  }
});

test('what is throttled ends all the same: it has to write, or to run, before it is gone', async () => {
  await world.run(domainXml({ name: 'writing', type: 'openvz' }));
  await set('writing', { iolimit: '512K' });
  await world.shell('writing', 'dd if=/dev/zero of=/file bs=1M count=60 conv=fsync 2>/dev/null & sleep 2');
  await world.client.domains.destroy({ domain: 'writing' });
  // By a group of the container's own, where it may make one, and by the domain's limit.
  await world.run(domainXml({ name: 'running', type: 'openvz' }));
  const busy = 'for i in 1 2 3 4 5 6 7 8; do (echo $$; while :; do :; done) & done';
  await world.shell(
    'running',
    `mkdir /cg && mount -t cgroup -o cpu none /cg 2>/dev/null && mkdir /cg/own && cd /cg/own && echo 1000000 >cpu.cfs_period_us && echo 1000 >cpu.cfs_quota_us && (echo 0 >tasks; ${busy}) & sleep 1`,
  );
  await set('running', { cpulimit: '1' });
  await world.shell('running', `(${busy}) & sleep 0.5`);
  await world.client.domains.destroy({ domain: 'running' });
});
