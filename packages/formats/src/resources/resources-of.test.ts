// Tests of the numbers an engine enforces.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDomainOrThrow } from '@ctvirt/xml';
import { applyProfile } from '../openvz/apply-profile.js';
import { parameterOf } from '../openvz/parameters.js';
import { profiles } from '../openvz/profiles.js';
import { explainResources, resourcesOf } from './resources-of.js';
import { resourceRules } from './rules.js';

const host = { pageSize: 4096, hostCpus: 4 };
const document = (inside: string, type = 'lxc') =>
  parseDomainOrThrow(
    `<domain type='${type}'><name>a</name>${inside}<devices><filesystem type='template'><source name='t'/><target dir='/'/></filesystem></devices></domain>`,
  );
const filled = (name: string) => {
  const profile = profiles.find((each) => each.name === name);
  assert.ok(profile);
  return applyProfile(document('', 'openvz'), profile.text, { ...host, profileName: name }).domain;
};

test('a classic profile: kernel memory on top of user memory, no swap', () => {
  assert.deepEqual(resourcesOf(filled('vps.basic'), host), {
    memoryMaxBytes: 69632 * 4096 + 14790164 + 2 * 2703360 + 2097152 + 262144,
    memoryHighBytes: 65536 * 4096 + 14790164 + 2 * 2703360 + 2097152 + 262144,
    memoryLowBytes: 33792 * 4096,
    memoryMinBytes: 26112 * 4096,
    swapMaxBytes: 0,
    tcpBufferBytes: 2 * 2703360,
    cpuShares: 1024,
    cpuWeight: 100,
    memlockBytes: 2048 * 4096,
    shmallPages: 21504,
    pidsMax: 240,
    ptyMax: 16,
    sigpending: 256,
    nofile: 9312,
  });
});

test('a VSwap profile: RAM and swap as they are', () => {
  assert.deepEqual(resourcesOf(filled('vswap-256m'), host), {
    memoryMaxBytes: 256 * 1024 ** 2,
    swapMaxBytes: 512 * 1024 ** 2,
    cpuShares: 1024,
    cpuWeight: 100,
  });
});

test("libvirt's own elements need no profile", () => {
  assert.deepEqual(
    resourcesOf(
      document(
        "<memory unit='MiB'>100</memory><blkiotune><weight>500</weight><device><path>/dev/sda</path><weight>5000</weight><write_bytes_sec>1000</write_bytes_sec></device><device><path>/dev/sdb</path></device></blkiotune><memtune><soft_limit unit='MiB'>50</soft_limit><swap_hard_limit unit='MiB'>150</swap_hard_limit></memtune><vcpu cpuset='1,0'>2</vcpu><cputune><shares>512</shares><period>50000</period><quota>25000</quota></cputune><numatune><memory mode='strict' nodeset='0'/></numatune>",
      ),
      host,
    ),
    {
      memoryMaxBytes: 100 * 1024 ** 2,
      memoryHighBytes: 50 * 1024 ** 2,
      swapMaxBytes: 50 * 1024 ** 2,
      cpuShares: 512,
      cpuWeight: 50,
      cpuQuotaUs: 25000,
      cpuPeriodUs: 50000,
      cpusetCpus: '0-1',
      cpuCount: 2,
      cpusetMems: '0',
      ioWeight: 500,
      ioDevices: [{ path: '/dev/sda', weight: 1000, writeBytesPerSecond: 1000 }],
    },
  );
  assert.deepEqual(resourcesOf(document(''), host), {});
});

test('fewer processors than the host has are a quota, the least one counts', () => {
  assert.deepEqual(resourcesOf(document('<vcpu>1</vcpu>'), host), {
    cpuQuotaUs: 100000,
    cpuPeriodUs: 100000,
    cpuCount: 1,
  });
  assert.deepEqual(resourcesOf(document('<vcpu>4</vcpu>'), host), {});
  const both = document('<vcpu>1</vcpu><cputune><period>10000</period><quota>20000</quota></cputune>');
  assert.deepEqual(resourcesOf(both, host), { cpuQuotaUs: 10000, cpuPeriodUs: 10000, cpuCount: 1 });
  assert.deepEqual(resourcesOf(document('<cputune><quota>-1</quota></cputune>'), host), {});
});

test('as many processors are chosen as there are to be, of those named; of pins nothing is left to choose', () => {
  const chosen = (more: string) => {
    const { cpuCount, cpusetCpus } = resourcesOf(document(more), host);
    return [cpuCount, cpusetCpus];
  };
  assert.deepEqual(chosen("<vcpu cpuset='1-3'>2</vcpu>"), [2, '1-3']);
  assert.deepEqual(chosen("<vcpu cpuset='1-3'>4</vcpu>"), [undefined, '1-3']);
  const pin = "<cputune><vcpupin vcpu='0' cpuset='3'/></cputune>";
  assert.deepEqual(chosen(`<vcpu cpuset='1-2'>2</vcpu>${pin}`), [undefined, '1-3']);
});

test('unlimited beancounters set nothing, but that of processes is told', () => {
  const { domain } = applyProfile(
    document('', 'openvz'),
    'NUMPROC="unlimited"\nNUMPTY="5"\nIOLIMIT="1M"\nIOPSLIMIT="0"\n',
    {
      ...host,
      profileName: 'x',
    },
  );
  assert.deepEqual(resourcesOf(domain, host), {
    pidsUnlimited: true,
    ptyMax: 5,
    ioBytesPerSecond: 1048576,
  });
});

test('every rule is about a known parameter, once, and each row of an explanation has its reason', () => {
  assert.equal(new Set(resourceRules.map(({ key }) => key)).size, resourceRules.length);
  for (const { key } of resourceRules) assert.ok(parameterOf(key), key);
  const rows = explainResources(filled('vps.light'), host);
  assert.equal(rows.find(({ key }) => key === 'NUMPROC')?.value, '40');
  assert.equal(rows.find(({ key }) => key === 'NUMTCPSOCK')?.status, 'recorded');
  assert.equal(rows.find(({ key }) => key === 'PRIVVMPAGES')?.value, '7680:8448');
  for (const row of rows) assert.ok(row.how);
});

test('processors: lists with exceptions, and where each of the container’s own is pinned to', () => {
  const cpus = (more: string) => resourcesOf(document(more), host).cpusetCpus;
  const pins = (...lists: string[]) =>
    `<cputune>${lists.map((list, at) => `<vcpupin vcpu='${at}' cpuset='${list}'/>`).join('')}</cputune>`;
  assert.equal(cpus("<vcpu cpuset='0-3,^2'>2</vcpu>"), '0-1,3');
  assert.equal(cpus(`<vcpu>2</vcpu>${pins('1', '3')}`), '1,3');
  assert.equal(
    cpus(`<vcpu cpuset='0-1'>2</vcpu>${pins('3')}`),
    '0-1,3',
    'the second runs where the domain may',
  );
  assert.equal(cpus(`<vcpu>2</vcpu>${pins('1')}`), undefined, 'the second runs anywhere');
  assert.equal(cpus(`<vcpu>1</vcpu>${pins('1', '3')}`), '1', 'there is no second');
  const nodes = "<numatune><memory mode='strict' nodeset='0-1,^1'/></numatune>";
  assert.equal(resourcesOf(document(nodes), host).cpusetMems, '0');
});
