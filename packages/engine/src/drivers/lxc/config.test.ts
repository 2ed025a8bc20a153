// liblxc's configuration of a plan, row by row.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatLxcConfig } from '@ctvirt/formats';
import type { RunPlan } from '../../lifecycle/plan.js';
import { linkPlan } from '../../testing/link-plan.js';
import { type ConfigInput, configRows } from './config.js';

const plan: RunPlan = {
  program: ['/sbin/init'],
  environment: { TERM: 'linux' },
  workFolder: undefined,
  user: undefined,
  group: undefined,
  arch: undefined,
  hostname: 'web',
  guestFiles: [],
  filesystems: [],
  graceSeconds: 0,
  innerMounts: [],
  devices: [],
  datasets: [],
  links: [],
  lent: [],
  resources: {},
  walls: {
    dropCapabilities: ['sys_time'],
    keepCapabilities: undefined,
    seccomp: { allowed: [] },
    appArmor: true,
    noNewPrivileges: false,
  },
  map: {
    uid: [{ inside: 0, outside: 1 << 30, count: 65536 }],
    gid: [{ inside: 0, outside: 1 << 30, count: 65536 }],
  },
  shifted: false,
};
const input: ConfigInput = {
  plan,
  filesystems: [{ target: '/', path: '/run/ctvirt/mnt/web~1/root-root', readOnly: false }],
  devices: [],
  workFolder: undefined,
  views: [],
  limits: [],
  rlimits: { nofile: '1024:524288' },
  oomScore: undefined,
  cgroupVersion: 1,
  cgroupParent: 'ctvirt',
  appArmor: { state: 'off', name: 'lxc-ctvirt' },
  consoleLog: undefined,
  endedPath: () => "/run/it's/ended",
  networkPath: "/run/it's/network",
  seccompPath: '/run/ctvirt/domains/web/seccomp',
};
const rowsOf = (change: Partial<ConfigInput> = {}, planChange: Partial<RunPlan> = {}): string[] =>
  configRows({ ...input, ...change, plan: { ...plan, ...planChange } }).map(
    ([key, value]) => `${key} = ${value}`,
  );

test('a plain container: ids, root, terminal, an empty network, its end told', () => {
  const rows = rowsOf();
  for (const row of [
    'lxc.uts.name = web',
    'lxc.idmap = u 0 1073741824 65536',
    'lxc.idmap = g 0 1073741824 65536',
    'lxc.rootfs.path = dir:/run/ctvirt/mnt/web~1/root-root',
    'lxc.net.0.type = empty',
    'lxc.cap.drop = sys_time',
  ])
    assert.ok(rows.includes(row), row);
});

test('what is written to the console is kept, a full file beside the next one', () => {
  const rows = rowsOf({ consoleLog: '/lib/consoles/web/last' }).filter((row) => row.includes('console.'));
  assert.deepEqual(rows, [
    'lxc.console.buffer.size = 65536',
    'lxc.console.logfile = /lib/consoles/web/last',
    'lxc.console.size = 65536',
    'lxc.console.rotate = 1',
  ]);
  assert.ok(!rowsOf().some((row) => row.includes('logfile')));
});

test('limits go to the key family of the cgroup world at hand', () => {
  const limits = [{ controller: 'pids', file: 'pids.max', value: '20', hard: true }] as const;
  assert.ok(rowsOf({ limits }).includes('lxc.cgroup.pids.max = 20'));
  assert.ok(rowsOf({ limits, cgroupVersion: 2 }).includes('lxc.cgroup2.pids.max = 20'));
});

test('what is mounted keeps its order, and blanks survive fstab', () => {
  const filesystems = [
    { target: '/', path: '/m/0', readOnly: false },
    { target: '/srv', path: '/m/1', readOnly: false },
    { target: '/srv/www/a b', path: '/m/2', readOnly: true },
  ];
  const mounts = rowsOf({ filesystems }).filter((row) => row.startsWith('lxc.mount.entry = /'));
  assert.deepEqual(mounts, [
    'lxc.mount.entry = /m/1 srv none bind,create=dir 0 0',
    'lxc.mount.entry = /m/2 srv/www/a\\040b none bind,create=dir,ro 0 0',
  ]);
});

test('shared memory is half of the memory at most, and the document’s where it has one of its own', () => {
  const memory = (...args: Parameters<typeof rowsOf>) =>
    rowsOf(...args).filter((row) => / dev\/(shm|mqueue) /.test(row));
  const [shared = '', queues = ''] = memory({}, { resources: { memoryMaxBytes: 1 << 20 } });
  assert.match(shared, /^lxc.mount.entry = tmpfs dev\/shm tmpfs nosuid,nodev,mode=1777,size=524288,/);
  assert.match(memory()[0] ?? '', /,size=50%,/);
  assert.match(queues, /^lxc.mount.entry = mqueue dev\/mqueue mqueue /);
  const own = { target: '/dev/shm', path: '/m/1', readOnly: false };
  assert.deepEqual(memory({ filesystems: [own] }), [
    queues,
    'lxc.mount.entry = /m/1 dev/shm none bind,create=dir 0 0',
  ]);
});

test('a routed link has the host for its default route, and no bridge', () => {
  const rows = rowsOf(
    {},
    {
      links: [
        {
          kind: 'routed',
          parent: undefined,
          macvlanMode: undefined,
          rates: { inbound: undefined, outbound: undefined },
          name: 'eth0',
          hostName: 'cv1.0',
          mac: '02:00:00:00:00:01',
          isTrusted: false,
          filter: undefined,
          isIsolated: false,
          mtu: undefined,
          up: true,
          addresses: [{ address: '192.0.2.5', prefix: 32, family: 4 }],
          gateways: [{ address: 'dev', family: 4 }],
          routes: [],
        },
      ],
    },
  );
  for (const row of [
    'lxc.net.0.ipv4.address = 192.0.2.5/32',
    'lxc.net.0.ipv4.gateway = dev',
    'lxc.net.0.veth.pair = cv1.0',
    `lxc.net.0.script.down = /bin/sh -c 'exec /sbin/ip -statistics -json link show dev "$1" > "$0"' '/run/it'\\''s/ended' 'cv1.0'`,
  ])
    assert.ok(rows.includes(row), row);
  assert.ok(!rows.some((row) => row.startsWith('lxc.net.0.link')));
});

test('what a document could smuggle in does not reach the file', () => {
  const rows = configRows({ ...input, plan: { ...plan, hostname: 'web\nlxc.hook.start = /bin/evil' } });
  assert.throws(() => formatLxcConfig(rows), { code: 'unwritable' });
});

test('/proc/sys is writable, which a user namespace makes harmless: not where one of its ids is the host’s root', () => {
  assert.ok(rowsOf().includes('lxc.mount.auto = proc:rw sys:mixed'));
  const own = plan.map.uid;
  for (const map of [
    { uid: [{ inside: 0, outside: 0, count: 65536 }], gid: own },
    { uid: own, gid: [...own, { inside: 70000, outside: 0, count: 1 }] },
  ])
    assert.ok(rowsOf({}, { map }).includes('lxc.mount.auto = proc:mixed sys:mixed'));
});

test('a sysctl of the document’s is set whatever its ids are', () => {
  const rows = rowsOf({}, { resources: { shmallPages: 100 } });
  assert.ok(rows.includes('lxc.mount.auto = proc:rw sys:mixed'));
  assert.ok(rows.includes('lxc.sysctl.kernel.shmall = 100'));
});

test('AppArmor: the profile of containers where it can be had, none where liblxc could not load it', () => {
  const profile = (state: ConfigInput['appArmor']['state']) =>
    rowsOf({ appArmor: { state, name: 'lxc-ctvirt' } }).filter((row) =>
      row.startsWith('lxc.apparmor.profile'),
    );
  assert.deepEqual(profile('off'), []);
  assert.deepEqual(profile('confined'), ['lxc.apparmor.profile = lxc-ctvirt']);
  assert.deepEqual(profile('unconfined'), ['lxc.apparmor.profile = unconfined']);
});

test('walls a document takes down leave no row, or say so where silence would mean a wall', () => {
  const { walls } = plan;
  const rows = (change: Partial<typeof walls>, more: Partial<ConfigInput> = {}) =>
    rowsOf(more, { walls: { ...walls, ...change } }).filter((row) => /seccomp|apparmor|new_privs/.test(row));
  const filtered = ['lxc.seccomp.profile = /run/ctvirt/domains/web/seccomp', 'lxc.seccomp.allow_nesting = 1'];
  assert.deepEqual(rows({}), filtered);
  assert.deepEqual(rows({ seccomp: 'off' }), []);
  assert.deepEqual(rows({}, { seccompPath: undefined }), []);
  assert.deepEqual(rows({ noNewPrivileges: true }), [...filtered, 'lxc.no_new_privs = 1']);
  assert.deepEqual(
    rows({ seccomp: 'off', appArmor: false }, { appArmor: { state: 'confined', name: 'lxc-ctvirt' } }),
    ['lxc.apparmor.profile = unconfined'],
  );
});

test("what shows the container its own limits covers the kernel's files, and need not be there", () => {
  const views = [{ source: '/run/ctvirt a/lxcfs/proc/meminfo', target: 'proc/meminfo' }];
  assert.match(
    formatLxcConfig(configRows({ ...input, views })),
    /^lxc\.mount\.entry = \/run\/ctvirt\\040a\/lxcfs\/proc\/meminfo proc\/meminfo none bind,optional 0 0$/m,
  );
});

test('init is held to its folder before it runs, whatever the folder of the host is called', () => {
  const rows = rowsOf({ workFolder: { inside: '/srv/app', path: "/run/it's mine/work" } });
  assert.ok(rows.includes('lxc.init.cwd = /srv/app'));
  const hook = `/usr/bin/test "/proc/$LXC_PID/cwd" -ef '/run/it'\\''s mine/work'`;
  assert.ok(rows.includes(`lxc.hook.start-host = ${hook}`), rows.join('\n'));
});

test('datasets are handed over before init runs, and one that is not has a status of its own', () => {
  const rows = rowsOf({}, { datasets: ['tank/web'] });
  const hook = `/sbin/zfs zone "/proc/$LXC_PID/ns/user" 'tank/web' || exit 3`;
  assert.ok(rows.includes(`lxc.hook.start-host = ${hook}`), rows.join('\n'));
});

test('one file stands in the place of a file, devices as nodes, and routes are set before init runs', () => {
  const file = { target: '/etc/app.conf', path: '/run/m/root-app', readOnly: true, isFile: true };
  const device = { target: '/dev/net/tun', path: '/run/m/device-all/0' };
  const link = linkPlan({
    kind: 'bridge',
    parent: 'br0',
    name: "e'0",
    routes: [
      { address: '10.99.0.0', prefix: 16, gateway: '10.78.0.1', family: 4, metric: 7 },
      { address: '2001:db8:9::', prefix: 48, gateway: '2001:db8::1', family: 6, metric: undefined },
    ],
  });
  const rows = rowsOf({ filesystems: [...input.filesystems, file], devices: [device] }, { links: [link] });
  const inside = '/usr/bin/nsenter "--net=/proc/$LXC_PID/ns/net" -- /sbin/ip';
  for (const row of [
    'lxc.mount.entry = /run/m/root-app etc/app.conf none bind,create=file,ro 0 0',
    'lxc.mount.entry = /run/m/device-all/0 dev/net/tun none bind,create=file 0 0',
    `lxc.hook.start-host = ${inside} '-4' 'route' 'add' '10.99.0.0/16' 'via' '10.78.0.1' 'dev' 'e'\\''0' 'metric' '7'`,
    `lxc.hook.start-host = ${inside} '-6' 'route' 'add' '2001:db8:9::/48' 'via' '2001:db8::1' 'dev' 'e'\\''0'`,
  ])
    assert.ok(rows.includes(row), row);
});

test('an IPv6 address of a routed link or a network is there at once; others are searched for on the bridge', () => {
  const settled = (kind: 'routed' | 'bridge', isKept = false) =>
    rowsOf(
      {},
      {
        links: [
          linkPlan({
            kind,
            name: "e'0",
            addresses: [
              { address: '192.0.2.7', prefix: 32, family: 4 },
              { address: '2001:db8::7', prefix: 128, family: 6, isKept },
            ],
          }),
        ],
      },
    ).filter((row) => row.startsWith('lxc.hook.start-host'));
  assert.deepEqual(settled('bridge'), []);
  const lines = `'address del 2001:db8::7/128 dev e'\\''0' 'address add 2001:db8::7/128 dev e'\\''0 nodad'`;
  assert.deepEqual(settled('bridge', true), settled('routed'));
  assert.deepEqual(settled('routed'), [
    `lxc.hook.start-host = /usr/bin/printf '%s\\n' ${lines} | /usr/bin/nsenter "--net=/proc/$LXC_PID/ns/net" -- /sbin/ip -batch -`,
  ]);
});

test('a link of the host keeps its name, beside those that are made', () => {
  const lent = {
    ...{ name: 'card', host: 'card', up: true },
    addresses: [{ address: '192.0.2.7', prefix: 24, family: 4 as const }],
    gateways: [{ address: '192.0.2.1', family: 4 as const }],
    routes: [],
  };
  const rows = rowsOf({}, { links: [linkPlan({})], lent: [lent] });
  const told = rows.filter((row) => row.startsWith('lxc.net.1.script.up = '));
  assert.match(told.join(), / '\/run\/it'\\''s\/network'$/);
  assert.deepEqual(
    rows.filter((row) => row.startsWith('lxc.net.1.') && !told.includes(row)),
    [
      'lxc.net.1.type = phys',
      'lxc.net.1.link = card',
      'lxc.net.1.name = card',
      'lxc.net.1.flags = up',
      'lxc.net.1.ipv4.address = 192.0.2.7/24 192.0.2.255',
      'lxc.net.1.ipv4.gateway = 192.0.2.1',
    ],
  );
  assert.ok(!rowsOf({}, { lent: [lent] }).includes('lxc.net.0.type = empty'));
});

test('a card that is an interface has the name of one, and is there once', () => {
  const card = linkPlan({ kind: 'card', parent: 'enp3s0', hostName: undefined });
  const lent = { ...{ name: 'eth0', host: 'enp3s0', up: false }, addresses: [], gateways: [] };
  assert.deepEqual(
    rowsOf({}, { links: [card], lent: [lent] }).filter((row) => /^lxc\.net\.\d\.(?!script)/.test(row)),
    ['lxc.net.0.type = phys', 'lxc.net.0.link = enp3s0', 'lxc.net.0.name = eth0'],
  );
});
