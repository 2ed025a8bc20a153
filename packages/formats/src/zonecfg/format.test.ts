// Tests of the zonecfg format: a real export, writing, and both ways.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Domain, formatDomain, parseDomain } from '@ctvirt/xml';
import fc from 'fast-check';
import { parameterValue, ubcOf } from '../beancounters.js';
import { filesOf } from '../files.js';
import { formats } from '../formats.js';

const zonecfgFormat = formats.zonecfg;
const host = { pageSize: 4096, cpus: 4 };
const read = (text: string) => {
  const files = filesOf([['web.cfg', text]]);
  const [unit] = zonecfgFormat.detect(files);
  assert.ok(unit, 'the format is recognised');
  return zonecfgFormat.read(files, unit, host);
};
const textOf = (domain: Domain, autostart = false): string =>
  [...zonecfgFormat.write(domain, { ...host, autostart }).files.values()][0]?.text ?? '';

const real = `create -b
set zonepath=/zones/web
set brand=lx
set autoboot=true
set limitpriv=default,!sys_time,dtrace_user
set ip-type=shared
add inherit-pkg-dir
set dir=/usr
end
add fs
set dir=/data
set special=/export/data
set type=lofs
add options ro
add options nosuid
end
add fs
set dir=/legacy
set special=tank/legacy
set type=zfs
end
add net
set address=10.0.0.5/24
set physical=e1000g0
set defrouter=10.0.0.1
end
add device
set match=/dev/dsk/c0t0d0s*
end
add capped-memory
set physical=512M
end
add rctl
set name=zone.cpu-shares
add value (priv=privileged,limit=5,action=none)
end
add rctl
set name=zone.max-lwps
add value (priv=privileged,limit=400,action=deny)
end
add rctl
set name=zone.max-sem-ids
add value (priv=privileged,limit=9,action=deny)
end
add attr
set name=comment
set type=string
set value="two words"
end
add dataset
set name=tank/delegated
end
add dedicated-cpu
set ncpus=1-2
set importance=5
end
`;

test('a real export becomes a document, each line of it in the report', () => {
  const { domain, autostart, report } = read(real);
  assert.equal(autostart, true);
  assert.equal(domain.name, 'web');
  assert.equal(domain.description, 'two words');
  assert.deepEqual(
    domain.devices.filesystems?.map(({ type, target, readonly, source }) => [
      type,
      target?.dir,
      readonly,
      source.options,
    ]),
    [
      ['mount', '/', undefined, undefined],
      ['mount', '/usr', true, undefined],
      ['mount', '/data', true, 'nosuid'],
      ['volume', '/legacy', undefined, undefined],
      ['dataset', undefined, undefined, undefined],
    ],
  );
  const [root] = domain.devices.filesystems ?? [];
  assert.equal(root?.type === 'mount' && root.source.dir, '/zones/web/root');
  assert.deepEqual(domain.devices.interfaces, [
    {
      type: 'ethernet',
      ips: [{ address: '10.0.0.5', family: 'ipv4', prefix: 24 }],
      routes: [{ family: 'ipv4', address: '0.0.0.0', gateway: '10.0.0.1' }],
    },
  ]);
  assert.equal(domain.memtune?.hardLimitKiB, 524288);
  assert.equal(domain.cputune?.shares, 5120);
  assert.deepEqual(ubcOf(domain, 'NUMPROC'), { barrier: 400n, limit: 400n });
  assert.equal(domain.vcpu?.value, 2);
  assert.equal(domain.features?.capabilities?.sys_time, 'off');
  assert.equal(parameterValue(domain, 'zonecfg.physical.10.0.0.5'), 'e1000g0');
  assert.deepEqual(parseDomain(formatDomain(domain)).findings, []);
  const lines = new Set(report.map(({ line }) => line));
  real.split('\n').forEach((text, index) => {
    if (/^(set|add)/.test(text)) assert.ok(lines.has(index + 1), `${index + 1}: ${text}`);
  });
  assert.equal(report.find(({ key }) => key === 'device')?.status, 'ignored');
});

test('aliases say the same as controls', () => {
  const alias = read(
    'create\nset zonepath=/z\nset cpu-shares=5\nset max-lwps=40\nset max-shm-memory=4m\nadd capped-cpu; set ncpus=0.5; end\nadd capped-memory; set locked=8k; end\n',
  ).domain;
  const control = (name: string, limit: number) =>
    `add rctl\nset name=zone.${name}\nadd value (priv=privileged,limit=${limit},action=deny)\nend\n`;
  const plain = read(
    `create -b\nset zonepath=/z\n${control('cpu-shares', 5)}${control('max-lwps', 40)}${control('max-shm-memory', 4194304)}${control('cpu-cap', 50)}${control('max-locked-memory', 8192)}`,
  ).domain;
  assert.deepEqual(alias, plain);
});

test('an exclusive stack hands interfaces over', () => {
  const { domain } = read(
    'create\nset zonepath=/z\nset ip-type=exclusive\nadd net; set physical=net0; end\nadd net; set physical=vnic0; set global-nic=net1; set mac-addr=2:8:20:0:1:2; set vlan-id=7; end\n',
  );
  assert.equal(domain.devices.hostdevs?.[0]?.type, 'net');
  assert.deepEqual(domain.devices.interfaces, [
    {
      type: 'direct',
      mac: { address: '02:08:20:00:01:02' },
      source: { dev: 'net1', mode: 'bridge' },
      vlan: { tags: [{ id: 7 }] },
      guest: { dev: 'vnic0' },
    },
  ]);
});

test('a note replays the commands of its resource and nothing else', () => {
  const { domain } = read('create\nset zonepath=/z\n');
  const hostile = {
    ...domain,
    beancounters: [
      { name: 'zonecfg.set.brand', value: 'x\ndelete -F' },
      { name: 'zonecfg.add.rctl', value: 'add rctl\nset name=x\nend\ndelete -F' },
      { name: 'zonecfg.add.attr', value: 'add attr\ndelete -F\nend' },
    ],
  };
  assert.ok(!textOf(hostile).includes('delete'));
});

const pieces = fc.constantFrom(
  'set brand=lx',
  'set bootargs=-i /bin/sh -v',
  'set bootargs=-m verbose',
  'set limitpriv=default,!net_rawaccess',
  'set cpu-shares=3',
  'set max-lwps=77',
  'set max-processes=5',
  'set hostid=80f0c086',
  'add fs\nset dir=/a\nset special=/b\nset type=lofs\nadd options [ro,nodev]\nend',
  'add fs\nset dir=/t\nset special=swap\nset type=tmpfs\nadd options "size=8m"\nend',
  'add fs\nset dir=/v\nset special=p/v\nset type=zfs\nend',
  'add device\nset match=/dev/zvol/x\nend',
  'add device\nset match=/dev/x*\nend',
  'add dataset\nset name=tank/a\nend',
  'add capped-memory\nset physical=64M\nset swap=128M\nend',
  'add rctl\nset name=zone.cpu-cap\nadd value (priv=privileged,limit=150,action=deny)\nend',
  'add rctl\nset name=project.max-tasks\nadd value (priv=basic,limit=1,action=none)\nadd value (priv=privileged,limit=2,action=deny)\nend',
  'add attr\nset name=comment\nset type=string\nset value="a; b = [c]"\nend',
  'add attr\nset name=odd\nset type=uint\nset value=5\nend',
  'add attr\nset name=resolvers\nset type=string\nset value=10.0.0.1,10.0.0.2\nend',
  'add dedicated-cpu\nset ncpus=1-2\nend',
  'add net\nset address=10.0.0.5/24\nset physical=net0\nset defrouter=10.0.0.1\nend',
  'add admin\nset user=joe\nset auths=login\nend',
);

function essence({ domain, autostart }: { domain: Domain; autostart: boolean | undefined }) {
  const { beancounters, devices, ...rest } = domain;
  const sorted = (list: readonly unknown[] | undefined) =>
    (list ?? []).map((one) => JSON.stringify(one)).sort();
  return {
    ...rest,
    ...devices,
    filesystems: sorted(devices.filesystems),
    parameters: sorted(beancounters),
    autostart,
  };
}

test('property: read, written and read again is the same domain', () => {
  fc.assert(
    fc.property(fc.uniqueArray(pieces, { maxLength: 15 }), fc.boolean(), (some, boot) => {
      const first = read(['create -b', 'set zonepath=/z', `set autoboot=${boot}`, ...some].join('\n'));
      const again = read(textOf(first.domain, first.autostart));
      assert.deepEqual(essence(again), essence(first));
    }),
    { numRuns: 150 },
  );
});

test('property: any text gives a domain and a report', () => {
  const piece = fc.oneof(
    pieces,
    fc.string({ unit: 'binary' }),
    fc.stringMatching(/^(set|add|select) [a-z-]{1,15}[ =][ -~]{0,20}$/),
  );
  fc.assert(
    fc.property(fc.array(piece), (some) => {
      const { domain } = read(['create', 'set zonepath=/z', ...some].join('\n'));
      formatDomain(domain);
      zonecfgFormat.write(domain, host);
    }),
    { numRuns: 200 },
  );
});
