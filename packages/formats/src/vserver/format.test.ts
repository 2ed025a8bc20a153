// Tests of the Linux-VServer format: a real guest's folder, writing, and both ways.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Domain, formatDomain, parseDomain } from '@ctvirt/xml';
import fc from 'fast-check';
import { parameterValue, ubcOf } from '../beancounters.js';
import type { FileEntry, FileSet } from '../files.js';
import { formats } from '../formats.js';
import { parseLimit } from './tree.js';

const vserverFormat = formats.vserver;
const host = { pageSize: 4096, cpus: 4 };

/** `link:` in a text stands for a link. */
const treeOf = (entries: Readonly<Record<string, string>>, folder = '/etc/vservers/web'): FileSet =>
  new Map(
    Object.entries(entries).map(([path, text]): [string, FileEntry] => [
      `${folder}/${path}`,
      text.startsWith('link:') ? { link: text.slice(5) } : { text },
    ]),
  );
const read = (files: FileSet) => {
  const [unit] = vserverFormat.detect(files);
  assert.ok(unit, 'the format is recognised');
  return vserverFormat.read(files, unit, host);
};

const real = {
  name: 'web\n',
  context: '1234\n',
  vdir: 'link:/etc/vservers/.defaults/vdirbase/web',
  run: 'link:/var/run/vservers/web',
  'uts/nodename': 'web.example.org\n',
  'apps/init/style': 'plain\n',
  'apps/init/mark': 'default\n',
  'apps/init/environment': 'LANG=C\n',
  bcapabilities: '# mine\nNET_RAW\n~CAP_KILL\nBOGUS\n',
  ccapabilities: 'secure_mount\n',
  fstab:
    'none /proc proc defaults 0 0\nnone /tmp tmpfs size=16m,mode=1777 0 0\n/srv/data /data none bind,ro 0 0\nhost:/x /y nfs defaults 0 0\n',
  'interfaces/prefix': '24\n',
  'interfaces/0/ip': '10.0.0.5\n',
  'interfaces/0/dev': 'eth0\n',
  'interfaces/1/ip': 'fe80::5/64\n',
  'interfaces/2/ip': '10.0.0.6\n',
  'interfaces/2/disabled': '',
  'rlimits/rss.hard': '65536\n',
  'rlimits/rss.soft': '32K\n',
  'rlimits/nproc': '100\n',
  'rlimits/nsock': '10\n',
  'cgroup/cpu.shares': '512\n',
  'cgroup/freezer.state': 'THAWED\n',
  'dlimits/0/directory': '/vservers/web\n',
  'dlimits/0/space_total': '1048576\n',
  'dlimits/0/inodes_total': '50000\n',
  'dlimits/0/reserved': '5\n',
  'sched/fill-rate': '1\n',
  'sched/interval': '4\n',
  cflags: 'sched_hard\nvirt_mem\n',
  'scripts/post-start': '#!/bin/sh\nrm -rf /\n',
} as const;

test("a real guest's folder becomes a document, each file of it in the report", () => {
  const files = treeOf(real);
  const { domain, autostart, report } = read(files);
  assert.equal(autostart, true);
  assert.equal(domain.type, 'vserver');
  assert.equal(domain.name, 'web');
  assert.equal(domain.hostname, 'web.example.org');
  assert.deepEqual(
    domain.devices.filesystems?.map(({ type, target, readonly, source }) => [
      type,
      target?.dir,
      readonly,
      source.options,
    ]),
    [
      ['mount', '/', undefined, undefined],
      ['ram', '/tmp', undefined, 'mode=1777,nodev'],
      ['mount', '/data', true, 'nodev'],
    ],
  );
  const [root] = domain.devices.filesystems ?? [];
  assert.equal(root?.type === 'mount' && root.source.dir, '/vservers/web');
  assert.equal(root?.spaceHardLimitBytes, 1024 ** 3);
  assert.deepEqual(root?.quotas, [{ type: 'inodes', max: 50000 }]);
  assert.deepEqual(domain.memtune, { hardLimitKiB: 262144, softLimitKiB: 131072 });
  assert.deepEqual(ubcOf(domain, 'NUMPROC'), { barrier: 100n, limit: 100n });
  assert.deepEqual(domain.cputune, { shares: 512, period: 100000, quota: 25000 });
  const { capabilities } = domain.features ?? {};
  assert.equal(capabilities?.net_raw, 'on');
  assert.equal(capabilities?.sys_admin, 'on');
  assert.equal(capabilities?.kill, 'off');
  assert.equal(capabilities?.net_admin, 'off');
  assert.equal(capabilities?.chown, undefined);
  assert.deepEqual(
    domain.devices.interfaces?.map(({ ips }) => ips),
    [
      [{ address: '10.0.0.5', family: 'ipv4', prefix: 24 }],
      [{ address: 'fe80::5', family: 'ipv6', prefix: 64 }],
    ],
  );
  assert.equal(parameterValue(domain, 'vserver.scripts/post-start'), 'text:#!/bin/sh\nrm -rf /\n');
  assert.deepEqual(parseDomain(formatDomain(domain)).findings, []);
  for (const path of files.keys())
    assert.ok(
      report.some(({ file }) => file === path),
      `${path} is in the report`,
    );
});

test('the folder written from the document says the same', () => {
  const { domain, autostart } = read(treeOf(real));
  const { files } = vserverFormat.write(domain, { ...host, autostart });
  assert.equal(files.get('web/vdir')?.link, '/vservers/web');
  assert.equal(files.get('web/bcapabilities')?.text, '~KILL\nNET_RAW\n');
  assert.equal(files.get('web/scripts/post-start')?.text, real['scripts/post-start']);
  const again = read(files);
  assert.deepEqual(again.domain.memtune, domain.memtune);
  assert.deepEqual(again.domain.devices, domain.devices);
  assert.deepEqual(again.domain.features, domain.features);
  assert.equal(again.autostart, true);
});

test('numbers have their own suffixes', () => {
  assert.equal(parseLimit('4K'), 4096n);
  assert.equal(parseLimit('4k'), 4000n);
  assert.equal(parseLimit('0x10M'), 16n * 1024n ** 2n);
  assert.equal(parseLimit('inf'), 'infinite');
  for (const text of ['', 'x', '1.5', '-1']) assert.equal(parseLimit(text), undefined, text);
});

test('a note never leaves the folder', () => {
  const { domain } = read(treeOf({ context: '5\n', 'x/y': 'z\n' }));
  const hostile = {
    ...domain,
    name: '../up',
    beancounters: [
      { name: 'vserver.../../etc/passwd', value: 'text:x' },
      { name: 'vserver.a/../../b', value: 'text:x' },
    ],
  };
  for (const path of vserverFormat.write(hostile, host).files.keys())
    assert.ok(!path.split('/').includes('..') && !path.startsWith('/'), path);
});

const pieces: fc.Arbitrary<readonly [string, string]>[] = [
  fc.constantFrom(
    ['name', 'web\n'],
    ['uts/nodename', 'a.b\n'],
    ['context', '77\n'],
    ['personality', 'linux32\n'],
  ),
  fc.constantFrom(
    ['apps/init/style', 'plain\n'],
    ['apps/init/cmd.start', '/bin/sh\n-c\nsleep 1\n'],
    ['apps/init/environment', 'A=1\nB=\n'],
  ),
  fc.constantFrom(
    ['apps/init/mark', 'default\n'],
    ['apps/vshelper/action', 'restart\n'],
    ['apps/vshelper/disabled', ''],
  ),
  fc.constantFrom(
    ['bcapabilities', 'NET_ADMIN\n~CHOWN\n'],
    ['ccapabilities', 'raw_icmp\n'],
    ['ncapabilities', 'tun_create\n'],
    ['cflags', 'virt_mem\n'],
  ),
  fc.constantFrom(
    ['fstab', '/a\\040b /c none bind 0 0\n'],
    ['fstab', '/dev/sdb1 /d ext4 ro,dev 0 0\nnone /t tmpfs size=1M 0 0\n'],
  ),
  fc.integer({ min: 1, max: 10 ** 6 }).map((pages): [string, string] => ['rlimits/rss.hard', `${pages}\n`]),
  fc.integer({ min: 1, max: 10 ** 6 }).map((pages): [string, string] => ['rlimits/as.hard', `${pages}\n`]),
  fc
    .integer({ min: 2, max: 10 ** 5 })
    .map((shares): [string, string] => ['cgroup/cpu.shares', `${shares}\n`]),
  fc.constantFrom(
    ['cgroup/memory.limit_in_bytes', '128M\n'],
    ['cpuset/cpus', '0-1\n'],
    ['cgroup/x.y', 'z\n'],
    ['scripts/post-start', 'x\ny\n'],
  ),
  fc.constantFrom(
    ['interfaces/0/ip', '10.0.0.5/24\n'],
    ['interfaces/1/ip', 'fe80::1\n'],
    ['netns/interfaces/0/guest', 'eth0\n'],
    ['spaces/net', 'other\n'],
  ),
  fc.constantFrom(
    ['dlimits/0/space_total', '1024\n'],
    ['dlimits/0/directory', '/v\n'],
    ['ulimits/core', '0\n'],
    ['unknown/file', 'x'],
    ['flag', ''],
  ),
];

/** What both ways keep; the places of mere notes may move. */
function essence({ domain, autostart }: { domain: Domain; autostart: boolean | undefined }) {
  const { beancounters, ...rest } = domain;
  const limits = (beancounters ?? []).filter(({ name }) => !name.startsWith('vserver.'));
  return { ...rest, limits: limits.map((one) => JSON.stringify(one)).sort(), autostart };
}

test('property: read, written and read again is the same domain', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(...pieces), { maxLength: 20 }), (some) => {
      const first = read(treeOf(Object.fromEntries([['vdir', 'link:/v'], ...some])));
      const again = read(vserverFormat.write(first.domain, { ...host, autostart: first.autostart }).files);
      assert.deepEqual(essence(again), essence(first));
    }),
    { numRuns: 150 },
  );
});

test('property: any folder gives a domain and a report', () => {
  const path = fc.oneof(
    fc.constantFrom(
      'fstab',
      'rlimits/rss',
      'sched/interval',
      'interfaces/0/ip',
      'dlimits/0/directory',
      '__proto__/x',
      'cgroup/io.max',
    ),
    fc.stringMatching(/^[a-z._/]{1,20}$/),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(path, fc.string({ unit: 'binary' }))), (some) => {
      const { domain } = read(treeOf(Object.fromEntries([['vdir', 'link:x'], ...some])));
      formatDomain(domain);
      vserverFormat.write(domain, host);
    }),
    { numRuns: 150 },
  );
});
