// Parameters set one by one.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Domain, formatDomain, parseDomainOrThrow } from '@ctvirt/xml';
import { isLimiting, setOwnerQuota } from '../resources/owner-quota.js';
import { explainResources, resourcesOf } from '../resources/resources-of.js';
import { resourceRules } from '../resources/rules.js';
import { contradictionIn } from '../sound.js';
import { applyProfile } from './apply-profile.js';
import { parameterOf } from './parameters.js';
import { profiles } from './profiles.js';
import { setParameters, settableParameter } from './set-parameters.js';

const host = { pageSize: 4096, hostCpus: 4 };
const plain = parseDomainOrThrow(
  "<domain type='openvz'><name>1</name><devices><filesystem type='template'><source name='t'/><target dir='/'/></filesystem></devices></domain>",
);
const filled = (name: string): Domain => {
  const profile = profiles.find((each) => each.name === name);
  assert.ok(profile);
  return applyProfile(plain, profile.text, { ...host, profileName: name }).domain;
};
const written = (domain: Domain, key: string) =>
  explainResources(domain, host).find((row) => row.key === key)?.value;

/** For each resource a value in vzctl's spelling, and how it is written back. */
const samples: Readonly<Record<string, readonly [given: string, written: string]>> = {
  KMEMSIZE: ['10M:11M', '10485760:11534336'],
  LOCKEDPAGES: ['256', '256'],
  PRIVVMPAGES: ['256M:300M', '65536:76800'],
  SHMPAGES: ['1000', '1000'],
  NUMPROC: ['200:220', '200:220'],
  PHYSPAGES: ['0:65536', '0:65536'],
  VMGUARPAGES: ['1000:unlimited', '1000:unlimited'],
  OOMGUARPAGES: ['900:unlimited', '900:unlimited'],
  NUMTCPSOCK: ['50', '50'],
  NUMFLOCK: ['10:12', '10:12'],
  NUMPTY: ['7', '7'],
  NUMSIGINFO: ['99', '99'],
  TCPSNDBUF: ['100K:200K', '102400:204800'],
  TCPRCVBUF: ['100K:200K', '102400:204800'],
  OTHERSOCKBUF: ['100K:200K', '102400:204800'],
  DGRAMRCVBUF: ['100K', '102400'],
  NUMOTHERSOCK: ['60', '60'],
  DCACHESIZE: ['1M:2M', '1048576:2097152'],
  NUMFILE: ['1024', '1024'],
  NUMIPTENT: ['20', '20'],
  SWAPPAGES: ['0:1000', '0:1000'],
  AVNUMPROC: ['40', '40'],
  VM_OVERCOMMIT: ['1.5', '1.5'],
  MEMINFO: ['pages:1000', 'pages:1000'],
  CPUUNITS: ['2000', '2000'],
  CPULIMIT: ['150', '150'],
  CPUS: ['2', '2'],
  CPUMASK: ['0-1', '0-1'],
  NODEMASK: ['0', '0'],
  IOPRIO: ['6', '6'],
  IOLIMIT: ['10M', '10M'],
  IOPSLIMIT: ['500', '500'],
  DISKSPACE: ['2G:3G', '2097152:3145728'],
  DISKINODES: ['1000:2000', '1000:2000'],
  QUOTATIME: ['600', '600'],
  QUOTAUGIDLIMIT: ['100', '100'],
};

for (const { key } of resourceRules) {
  test(`${key} is set on an empty domain, replaces what a profile said, and stays after a restart`, () => {
    const [given, expected] = samples[key] ?? [];
    assert.ok(given !== undefined, `no sample for ${key}`);
    for (const before of [plain, filled('vps.basic'), filled('vswap-256m')]) {
      const after = setParameters(before, { [key.toLowerCase()]: given }, host);
      assert.equal(written(after, key), expected);
      const again = parseDomainOrThrow(formatDomain(after));
      assert.equal(written(again, key), expected);
      assert.deepEqual(setParameters(again, { [key]: given }, host), again, 'said twice is said once');
    }
  });
}

test("vzctl's options for memory count bytes, and pages are whole", () => {
  const domain = setParameters(plain, { ram: '512M', swap: '1G' }, host);
  assert.deepEqual(resourcesOf(domain, host), { memoryMaxBytes: 512 << 20, swapMaxBytes: 2 ** 30 });
  assert.equal(written(setParameters(plain, { ram: '1200000' }, host), 'PHYSPAGES'), '0:293');
});

test('new memory keeps the swap there is, new processors their mask', () => {
  const small = setParameters(plain, { ram: '256M', swap: '128M', cpus: '2', cpumask: '0,1' }, host);
  const { memoryMaxBytes, swapMaxBytes, cpusetCpus } = resourcesOf(
    setParameters(small, { ram: '512M', cpus: '1' }, host),
    host,
  );
  assert.deepEqual([memoryMaxBytes, swapMaxBytes, cpusetCpus], [512 << 20, 128 << 20, '0-1']);
});

test('what is not asked for stays as it is', () => {
  const before = filled('vps.basic');
  const { beancounters, ...rest } = setParameters(before, { numproc: '10' }, host);
  const { beancounters: old, ...same } = before;
  assert.deepEqual(rest, same);
  const others = (list: typeof old) => list?.filter(({ name }) => name !== 'numproc');
  assert.deepEqual(others(beancounters), others(old));
});

test('names are found in any case, by key, old name or option; what is no resource is not', () => {
  for (const name of ['numproc', 'NUMPROC', 'iptentries', 'ram', 'Swap'])
    assert.ok(settableParameter(name), name);
  for (const name of ['hostname', 'nonsense', 'onboot', '', '__proto__', 'constructor'])
    assert.equal(settableParameter(name), undefined, name);
});

test('a size without a unit that is too small for anything is asked back', () => {
  for (const [values, meant] of [
    [{ ram: '512' }, /^ram cannot be '512': that is in bytes; did you mean 512M\?$/],
    [{ swap: '1024' }, /did you mean 1024M\?/],
    [{ diskspace: '10:11' }, /that is in KiB; did you mean 10G:11G\?/],
  ] as const)
    assert.throws(() => setParameters(plain, values, host), { code: 'invalid', message: meant });
  setParameters(plain, { ram: '536870912', swap: '0', diskspace: '1048576' }, host);
});

test('what cannot be is refused with its name', () => {
  const wrong: Record<string, string>[] = [
    { numproc: 'many' },
    { nonsense: '1' },
    { ram: '1X' },
    { cpuunits: '1' },
    { ioprio: '9' },
    { diskspace: '1G:unlimited' },
    { diskspace: '1G:0' },
    { ram: '64M', vmguarpages: '1G', swap: 'x' },
    { numproc: '300:200' },
    { physpages: '2G:1G' },
    { diskspace: '20G:10G' },
    { diskinodes: '20:10' },
    { meminfo: 'all' },
    { cpulimit: '101%' },
  ];
  for (const values of wrong)
    assert.throws(() => setParameters(plain, values, host), { code: 'invalid' }, JSON.stringify(values));
});

test('a guarantee that is asked for is not lowered to the memory there is', () => {
  const before = setParameters(plain, { ram: '64M' }, host);
  for (const domain of [
    setParameters(before, { vmguarpages: '1G:unlimited' }, host),
    setParameters(plain, { vmguarpages: '1G:unlimited', ram: '64M' }, host),
  ])
    assert.match(contradictionIn(domain) ?? '', /1048576 KiB.*65536 KiB/, 'the document says so');
});

test('memory without limit, whichever parameter limits it', () => {
  const limited = setParameters(plain, { ram: '512M' }, host);
  const free = setParameters(limited, { ram: 'unlimited' }, host);
  assert.equal(resourcesOf(free, host).memoryMaxBytes, undefined);
  assert.equal(resourcesOf(setParameters(free, { ram: '256M' }, host), host).memoryMaxBytes, 256 << 20);
  const classic = setParameters(filled('vps.basic'), { privvmpages: 'unlimited' }, host);
  assert.equal(resourcesOf(classic, host).memoryMaxBytes, undefined);
  const vswap = setParameters(limited, { privvmpages: 'unlimited' }, host);
  assert.equal(resourcesOf(vswap, host).memoryMaxBytes, 512 << 20, 'the limit of PHYSPAGES stays');
});

test('a row forgets all that it reads: nothing of it is written then', () => {
  for (const [key, [given]] of Object.entries(samples)) {
    const row = parameterOf(key);
    assert.ok(row, key);
    const vswap = key !== 'PRIVVMPAGES';
    const values = new Map([[key, given]]);
    const context = {
      ...host,
      cpus: host.hostCpus,
      ctid: undefined,
      root: 'template',
      values,
      vswap,
    } as const;
    const read = row.read(plain, given, context).domain;
    assert.ok(read !== undefined && read !== plain, key);
    const rest = row.forget?.(read, context) ?? read;
    const without = {
      ...rest,
      beancounters: (rest.beancounters ?? []).filter(({ name }) => name !== key.toLowerCase()),
    };
    assert.equal(row.write(without, { ...context, ctid: 1 }), undefined, key);
  }
});

test('a number that no document holds is refused, and of a limit on disk the largest is taken', () => {
  assert.throws(() => setParameters(plain, { kmemsize: '9007199254740993' }, host), /no number above/);
  const limits = setParameters(plain, { diskspace: '99999T', diskinodes: '9007199254740993' }, host).devices
    .filesystems?.[0];
  assert.equal(limits?.spaceHardLimitBytes, Number.MAX_SAFE_INTEGER);
  assert.equal(limits?.quotas?.[0]?.type === 'inodes' && limits.quotas[0].max, Number.MAX_SAFE_INTEGER);
});

test('no limit of disk is asked for by 0 or by the word, and is what the profile does not fill in again', () => {
  for (const before of [plain, filled('vps.basic')])
    for (const none of ['0', '0:0', '0K', 'unlimited', '9223372036854775807']) {
      const domain = setParameters(before, { diskspace: none, diskinodes: none }, host);
      const text = parseDomainOrThrow(formatDomain(domain));
      const again = applyProfile(text, profiles[0]?.text ?? assert.fail(), { ...host, profileName: 'basic' });
      for (const one of [domain, text, again.domain]) {
        const root = one.devices.filesystems?.[0];
        assert.deepEqual(
          [root?.spaceHardLimitBytes, root?.spaceSoftLimitBytes],
          [undefined, undefined],
          none,
        );
        assert.deepEqual(root?.quotas ?? [], []);
        assert.equal(written(one, 'DISKSPACE'), none === 'unlimited' ? '0' : none);
      }
      const limited = setParameters(text, { diskspace: '1G', diskinodes: '9' }, host);
      assert.deepEqual(
        [written(limited, 'DISKSPACE'), written(limited, 'DISKINODES')],
        ['1048576:1048576', '9:9'],
      );
    }
});

test('no limit of one user is asked for likewise', () => {
  const owner = { kind: 'user', id: 7 } as const;
  const limited = setOwnerQuota(plain, { ...owner, space: '1G', inodes: '5' });
  assert.equal(limited.devices.filesystems?.[0]?.quotas?.length, 2);
  for (const none of ['0', 'unlimited']) {
    const values = { ...owner, space: none, inodes: none };
    assert.deepEqual(setOwnerQuota(limited, values).devices.filesystems?.[0]?.quotas, []);
    assert.deepEqual([isLimiting(values), isLimiting({ ...values, inodes: '5' })], [false, true]);
  }
});
