// Tests of the LXC format: reading real configurations, writing, and both ways.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Domain, formatDomain, parseDomain, parseDomainOrThrow } from '@ctvirt/xml';
import fc from 'fast-check';
import { parameterValue, ubcOf } from '../beancounters.js';
import { filesOf } from '../files.js';
import { formats } from '../formats.js';

const lxcFormat = formats.lxc;
const host = { pageSize: 4096, cpus: 4 };
const read = (text: string, others: Record<string, string> = {}) => {
  const files = filesOf([['web/config', text], ...Object.entries(others)]);
  const [unit] = lxcFormat.detect(files);
  assert.ok(unit, 'the format is recognised');
  return lxcFormat.read(files, unit, host);
};
const textOf = (domain: Domain, autostart = false): string =>
  [...lxcFormat.write(domain, { ...host, autostart }).files.values()][0]?.text ?? '';

const real = `# Template used to create this container
lxc.include = /usr/share/lxc/config/common.conf
lxc.uts.name = web.example
lxc.arch = amd64
lxc.rootfs.path = dir:/var/lib/lxc/web/rootfs
lxc.rootfs.options = nodev,ro
lxc.environment = LANG=C.UTF-8
lxc.init.cmd = /sbin/init --log level
lxc.mount.entry = /srv/data srv/my\\040data none bind,ro,create=dir 0 0
lxc.mount.entry = tmpfs run tmpfs size=16M,mode=0755 0 0
lxc.mount.entry = proc proc proc nodev 0 0
lxc.mount.entry = host:/x mnt nfs defaults 0 0
lxc.idmap = u 0 100000 65536
lxc.idmap = g 0 100000 65536
lxc.cgroup2.memory.swap.max = 64M
lxc.cgroup2.memory.max = 128M
lxc.cgroup.memory.limit_in_bytes = 134217728
lxc.cgroup2.cpu.max = 50000 100000
lxc.cgroup2.cpuset.cpus = 0-1
lxc.cgroup2.pids.max = 100
lxc.cgroup2.devices.allow = c 10:200 rwm
lxc.cgroup2.io.max = 8:0 rbps=1048576 wiops=100
lxc.cap.drop = sys_time sys_module
lxc.cap.drop = mac_admin perfmon
lxc.prlimit.nofile = 1024
lxc.prlimit.core = 0:unlimited
lxc.apparmor.profile = unconfined
lxc.net.0.type = veth
lxc.net.0.link = br0
lxc.net.0.flags = up
lxc.net.0.name = eth0
lxc.net.0.hwaddr = 00:16:3E:aa:bb:cc
lxc.net.0.ipv4.address = 10.0.0.2/24 10.0.0.255
lxc.net.0.ipv4.gateway = 10.0.0.1
lxc.net.0.script.up = /etc/up
lxc.net.1.type = macvlan
lxc.net.1.link = eth1
lxc.net.1.macvlan.mode = passthru
lxc.net.2.type = phys
lxc.net.2.link = eth2
lxc.start.auto = 1
lxc.hook.start = /bin/evil
lxc.bogus = 1
`;
const common = { '/usr/share/lxc/config/common.conf': 'lxc.tty.max = 2\nlxc.pty.max = 1024\n' };

test('a real configuration becomes a document, each line of it in the report', () => {
  const { domain, autostart, report } = read(real, common);
  assert.equal(autostart, true);
  assert.equal(domain.name, 'web');
  assert.equal(domain.hostname, 'web.example');
  assert.deepEqual(domain.os, {
    type: { value: 'exe', arch: 'x86_64' },
    init: '/sbin/init',
    initargs: ['--log', 'level'],
    initenvs: [{ name: 'LANG', value: 'C.UTF-8' }],
  });
  assert.deepEqual(domain.devices.filesystems, [
    {
      type: 'mount',
      accessmode: 'passthrough',
      source: { dir: '/var/lib/lxc/web/rootfs', options: 'nodev' },
      target: { dir: '/' },
      readonly: true,
    },
    {
      type: 'mount',
      accessmode: 'passthrough',
      source: { dir: '/srv/data' },
      target: { dir: '/srv/my data' },
      readonly: true,
    },
    {
      type: 'ram',
      accessmode: 'passthrough',
      source: { usageKiB: 16384, options: 'mode=0755' },
      target: { dir: '/run' },
    },
  ]);
  assert.deepEqual(domain.idmap, {
    uids: [{ start: 0, target: 100000, count: 65536 }],
    gids: [{ start: 0, target: 100000, count: 65536 }],
  });
  assert.deepEqual(domain.memtune, { hardLimitKiB: 131072, swapHardLimitKiB: 196608 });
  assert.deepEqual(domain.cputune, { period: 100000, quota: 50000 });
  assert.equal(domain.vcpu?.cpuset, '0-1');
  assert.deepEqual(ubcOf(domain, 'NUMPROC'), { barrier: 100n, limit: 100n });
  assert.deepEqual(ubcOf(domain, 'NUMFILE'), { barrier: 1024n, limit: 1024n });
  assert.equal(parameterValue(domain, 'lxc.prlimit.core'), '0:unlimited');
  assert.equal(parameterValue(domain, 'lxc.hook.start'), '/bin/evil');
  assert.deepEqual(domain.features?.capabilities, {
    policy: 'allow',
    sys_time: 'off',
    sys_module: 'off',
    mac_admin: 'off',
  });
  assert.deepEqual(
    domain.devices.interfaces?.map(({ type, guest, mac, ips, routes, link }) => ({
      type,
      guest,
      mac,
      ips,
      routes,
      link,
    })),
    [
      {
        type: 'bridge',
        guest: { dev: 'eth0' },
        mac: { address: '00:16:3e:aa:bb:cc' },
        ips: [{ address: '10.0.0.2', family: 'ipv4', prefix: 24 }],
        routes: [{ family: 'ipv4', address: '0.0.0.0', gateway: '10.0.0.1' }],
        link: { state: 'up' },
      },
      {
        type: 'direct',
        guest: undefined,
        mac: undefined,
        ips: undefined,
        routes: undefined,
        link: { state: 'down' },
      },
    ],
  );
  assert.deepEqual(domain.devices.hostdevs?.map(({ type }) => type).sort(), ['misc', 'net']);
  assert.equal(domain.devices.consoles?.length, 2);
  assert.deepEqual(parseDomain(formatDomain(domain)).findings, []);
  const status = (file: string, line: number) =>
    report.find((row) => row.file === file && row.line === line)?.status;
  real.split('\n').forEach((text, index) => {
    if (text.startsWith('lxc.') && !text.startsWith('lxc.include'))
      assert.ok(status('web/config', index + 1), `${index + 1}: ${text}`);
  });
  const lineOf = (part: string) => real.split('\n').findIndex((text) => text.includes(part)) + 1;
  assert.equal(status('web/config', lineOf('nfs')), 'ignored');
  assert.equal(status('web/config', lineOf('perfmon')), 'approximated');
  assert.equal(status('web/config', lineOf('hook.start')), 'ignored');
  assert.equal(status('web/config', lineOf('bogus')), 'ignored');
  assert.equal(status('web/config', lineOf('proc proc')), 'carried');
});

test('old names mean the same as present ones', () => {
  const old = read(
    'lxc.utsname = web\nlxc.rootfs = /r\nlxc.id_map = u 0 1000 10\nlxc.network.type = veth\nlxc.network.link = br0\nlxc.network.type = empty\nlxc.tty = 1\n',
  ).domain;
  const present = read(
    'lxc.uts.name = web\nlxc.rootfs.path = /r\nlxc.idmap = u 0 1000 10\nlxc.net.0.type = veth\nlxc.net.0.link = br0\nlxc.net.1.type = empty\nlxc.tty.max = 1\n',
  ).domain;
  assert.deepEqual(old, present);
});

test('network: none shares, nothing at all is a loopback of its own', () => {
  assert.equal(read('lxc.rootfs.path = /r\nlxc.net.0.type = none\n').domain.features?.privnet, undefined);
  assert.equal(read('lxc.rootfs.path = /r\n').domain.features?.privnet, true);
  assert.match(textOf(read('lxc.rootfs.path = /r\n').domain), /^lxc\.net\.0\.type = empty$/m);
});

test('what a folder includes from elsewhere is asked for', () => {
  const files = filesOf([
    ['a/config', 'lxc.include = /x/common.conf\nlxc.mount.fstab = /x/fstab\nlxc.uts.name = a\n'],
  ]);
  const [unit] = lxcFormat.detect(files);
  assert.ok(unit);
  assert.deepEqual(lxcFormat.references(files, unit), ['/x/common.conf', '/x/fstab']);
  assert.deepEqual(lxcFormat.detect(filesOf([['a/config', 'PATH=x\n']])), []);
});

test('what liblxc has no word for is reported, and nothing that it would misread is written', () => {
  const domain = parseDomainOrThrow(`<domain type='lxc'><name>a</name><description>d</description>
<os><type>exe</type><init>/bin/sh</init><initarg>two words</initarg><inituser>www</inituser></os>
<dns><nameserver address='10.0.0.1'/></dns>
<devices>
<filesystem type='template'><source name='t'/><target dir='/'/><space_hard_limit unit='MiB'>5</space_hard_limit></filesystem>
<filesystem type='block'><source dev='/dev/sdb1'/><target dir='/b'/></filesystem>
<interface type='network'><source network='default'/></interface>
<hostdev mode='capabilities' type='storage'><source><block>/dev/sdb</block></source></hostdev>
</devices></domain>`);
  const { report, files } = lxcFormat.write(domain, host);
  assert.deepEqual(
    report.map(({ key, status }) => [key, status]),
    [
      ['lxc.init.cmd', 'ignored'],
      ['lxc.init.uid', 'ignored'],
      ['lxc.rootfs.path', 'ignored'],
      ['devices/filesystem/space', 'ignored'],
      ['devices/filesystem[2]', 'approximated'],
      ['devices/interface[1]', 'ignored'],
      ['devices/hostdev', 'ignored'],
      ['description', 'ignored'],
      ['dns', 'ignored'],
    ].map(([key, status]) => [key === 'lxc.init.cmd' ? 'os/initarg' : key, status]),
  );
  assert.ok(!files.get('a/config')?.text?.includes('two'));
});

test('walls are taken down, put up and left as the configuration has them, and so written', () => {
  const statusOf = ({ report }: ReturnType<typeof read>, key: string) =>
    report.find((row) => row.key === `lxc.${key}`)?.status;
  const bare = read(
    'lxc.apparmor.profile = unconfined\nlxc.no_new_privs = 1\nlxc.seccomp.profile = /etc/own.seccomp\n',
  );
  const { apparmor, noNewPrivileges, seccomp } = bare.domain.features ?? {};
  assert.deepEqual(
    { apparmor, noNewPrivileges, seccomp },
    {
      apparmor: { policy: 'off' },
      noNewPrivileges: true,
      seccomp: undefined,
    },
  );
  assert.equal(statusOf(bare, 'seccomp.profile'), 'approximated');
  const text = textOf(bare.domain);
  assert.match(text, /^lxc\.apparmor\.profile = unconfined$/m);
  assert.match(text, /^lxc\.no_new_privs = 1$/m);
  const common = read('lxc.seccomp.profile = /usr/share/lxc/config/common.seccomp\n');
  assert.equal(statusOf(common, 'seccomp.profile'), 'carried');
  assert.equal(common.domain.features?.seccomp, undefined);
});

const lines: fc.Arbitrary<string>[] = [
  fc.constantFrom(
    'lxc.uts.name = web',
    'lxc.arch = amd64',
    'lxc.start.auto = 1',
    'lxc.init.cmd = /bin/sh -x',
  ),
  fc.constantFrom(
    'lxc.environment = A=1',
    'lxc.environment = "B= x "',
    'lxc.environment = container_uuid=8509a1d4-1569-4467-8b37-4e433a1ac7b1',
  ),
  fc.constantFrom(
    'lxc.mount.entry = /a b none bind,create=dir',
    'lxc.mount.entry = /a\\040c d none rbind,ro,nodev',
    'lxc.mount.entry = tmpfs t tmpfs size=1M',
    'lxc.mount.entry = x y none bind,relative',
  ),
  fc.integer({ min: 4096, max: 2 ** 40 }).map((bytes) => `lxc.cgroup2.memory.max = ${bytes}`),
  fc.integer({ min: 1, max: 10000 }).map((weight) => `lxc.cgroup2.cpu.weight = ${weight}`),
  fc.integer({ min: 1000, max: 400000 }).map((quota) => `lxc.cgroup2.cpu.max = ${quota} 100000`),
  fc.integer({ min: 1, max: 10000 }).map((most) => `lxc.cgroup.pids.max = ${most}`),
  fc.constantFrom(
    'lxc.cgroup.devices.allow = c 10:200 rwm',
    'lxc.cgroup2.devices.allow = b 8:0 rwm',
    'lxc.cgroup2.io.max = 8:0 rbps=10 wiops=5',
  ),
  fc.constantFrom(
    'lxc.cap.drop = mknod sys_time',
    'lxc.cap.drop = net_raw',
    'lxc.idmap = u 0 1000 10',
    'lxc.idmap = g 0 1000 10',
  ),
  fc.constantFrom(
    'lxc.prlimit.nofile = 64',
    'lxc.prlimit.core = 0',
    'lxc.sysctl.net.ipv4.ip_forward = 1',
    'lxc.hook.stop = /x',
    'lxc.pty.max = 9',
    'lxc.tty.max = 3',
  ),
  fc.constantFrom(
    'lxc.net.0.type = veth',
    'lxc.net.0.link = br0',
    'lxc.net.0.flags = up',
    'lxc.net.0.name = eth0',
    'lxc.net.0.ipv6.address = fe80::1/64',
    'lxc.net.1.type = phys',
    'lxc.net.1.link = eth1',
  ),
];

test('property: read, written and read again is the same domain', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(...lines), { maxLength: 25 }), (some) => {
      const text = ['lxc.rootfs.path = dir:/r', ...some].join('\n');
      const first = read(text);
      const again = read(textOf(first.domain, first.autostart));
      assert.deepEqual(order(again.domain), order(first.domain));
      assert.equal(again.autostart, first.autostart);
    }),
    { numRuns: 150 },
  );
});

/** Order among devices and parameters says nothing. */
function order({ devices, beancounters, ...rest }: Domain) {
  const sorted = <T>(list: readonly T[] | undefined) =>
    [...(list ?? [])].map((one) => JSON.stringify(one)).sort();
  return {
    ...rest,
    interfaces: devices.interfaces,
    filesystems: devices.filesystems,
    consoles: devices.consoles,
    hostdevs: sorted(devices.hostdevs),
    beancounters: sorted(beancounters),
  };
}

test('property: any text gives a domain, a report and a configuration', () => {
  const odd = fc.oneof(
    ...lines,
    fc.string({ unit: 'binary' }),
    fc.stringMatching(/^lxc\.[a-z0-9.]{1,20} = [ -~]{0,30}$/),
  );
  fc.assert(
    fc.property(fc.array(odd), (some) => {
      const { domain } = read(['lxc.tty.max = 1', ...some].join('\n'));
      formatDomain(domain);
      lxcFormat.write(domain, host);
    }),
    { numRuns: 200 },
  );
});
