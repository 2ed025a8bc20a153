// What strangers' LXC configurations came to: each key has the status of the result.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Domain, formatDomain, parseDomainOrThrow } from '@ctvirt/xml';
import fc from 'fast-check';
import { FormatError } from '../errors.js';
import { filesOf } from '../files.js';
import { formats } from '../formats.js';
import { withReferences } from '../references.js';
import { untrue } from '../testing/carried.js';
import { lxcKeys } from './keys.js';

const host = { pageSize: 4096, cpus: 4 };
const read = (...lines: readonly string[]) => {
  const files = filesOf([['web/config', ['lxc.rootfs.path = dir:/srv/web', ...lines].join('\n')]]);
  const [unit] = formats.lxc.detect(files);
  assert.ok(unit);
  return formats.lxc.read(files, unit, host);
};
/** By way of the document's text, as a conversion in two commands goes. */
const written = (domain: Domain): string[] => {
  const stored = parseDomainOrThrow(formatDomain(domain));
  return [...formats.lxc.write(stored, host).files.values()].flatMap(({ text }) => text?.split('\n') ?? []);
};
const back = (...lines: readonly string[]): string[] => written(read(...lines).domain);
const nets = (lines: readonly string[]) => lines.filter((line) => line.startsWith('lxc.net.'));
const statusOf = ({ report }: ReturnType<typeof read>, key: string) =>
  report.find((row) => row.key === `lxc.${key}`)?.status;

const nic = (number: number, ...pairs: readonly string[]) => pairs.map((pair) => `lxc.net.${number}.${pair}`);

describe('interfaces', () => {
  test('one of a type without an element is kept whole, and the container has a stack of its own', () => {
    const lines = nic(0, 'type = ipvlan', 'link = uplink7', 'ipv4.address = 10.0.0.2/24');
    const found = read(...lines);
    assert.equal(found.domain.features?.privnet, true);
    for (const key of ['type', 'link', 'ipv4.address'])
      assert.equal(statusOf(found, `net.0.${key}`), 'ignored', key);
    assert.deepEqual(nets(written(found.domain)), lines);
  });

  test('a word that is no type of liblxc leaves nothing behind', () => {
    const found = read(...nic(0, 'type = wormhole', 'link = uplink7'));
    assert.equal(found.domain.features?.privnet, true);
    assert.deepEqual(nets(written(found.domain)), nic(0, 'type = empty', 'flags = up'));
  });

  test('phys and vlan: what the element does not hold comes back by its name', () => {
    const lines = nic(
      0,
      'type = phys',
      'link = nic9',
      'flags = up',
      'name = lan0',
      'hwaddr = 02:10:20:30:40:50',
      'mtu = 1450',
    );
    const found = read(...lines);
    for (const key of ['name', 'hwaddr', 'mtu'])
      assert.equal(statusOf(found, `net.0.${key}`), 'ignored', key);
    for (const key of ['type', 'link', 'flags'])
      assert.equal(statusOf(found, `net.0.${key}`), 'carried', key);
    assert.deepEqual(nets(written(found.domain)), lines);
    const vlan = nets(back(...nic(0, 'type = vlan', 'link = nic9', 'vlan.id = 0x7', 'name = lan0')));
    assert.deepEqual(vlan, nic(0, 'type = phys', 'link = nic9.7', 'flags = up', 'name = lan0'));
  });

  test('what is kept of an interface is written back with its present number', () => {
    const some = [
      ...nic(2, 'type = veth', 'link = swA'),
      ...nic(5, 'type = veth', 'link = swB', 'script.up = /opt/up-b'),
    ];
    assert.ok(back(...some).includes('lxc.net.1.script.up = /opt/up-b'));
    const mixed = nets(
      back(
        ...nic(1, 'type = phys', 'link = nic1', 'script.up = /phys'),
        ...nic(3, 'type = ipvlan', 'link = nic2', 'script.up = /ipvlan'),
        ...nic(6, 'type = veth', 'link = br0', 'script.up = /veth'),
      ),
    );
    assert.deepEqual(
      mixed.filter((line) => /type|script/.test(line)),
      [
        ...nic(0, 'type = veth', 'script.up = /veth'),
        ...nic(1, 'type = phys', 'script.up = /phys'),
        ...nic(2, 'type = ipvlan', 'script.up = /ipvlan'),
      ],
    );
    assert.deepEqual(nets(back(...mixed)), mixed, 'and again');
  });

  test('what is kept of an interface that is gone since, or has no word here, is told', () => {
    const { domain } = read(...nic(0, 'type = veth', 'link = br0', 'script.up = /up'));
    const without = { ...domain, devices: { filesystems: domain.devices.filesystems ?? [] } };
    const { files, report } = formats.lxc.write(without, host);
    assert.doesNotMatch([...files.values()][0]?.text ?? '', /script/);
    assert.ok(report.some(({ key }) => key === 'lxc.net.script.up'));
  });

  test('no interface is a stack of its own, whatever the domain was', () => {
    for (const document of [
      "<domain type='lxc'><name>a</name></domain>",
      "<domain type='openvz'><name>630</name><os><type>exe</type></os></domain>",
      "<domain type='lxc'><name>a</name><features><privnet/></features></domain>",
    ])
      assert.deepEqual(
        nets(
          written(
            parseDomainOrThrow(
              document.replace(
                '</domain>',
                "<devices><filesystem><source dir='/r'/><target dir='/'/></filesystem></devices></domain>",
              ),
            ),
          ),
        ),
        nic(0, 'type = empty', 'flags = up'),
      );
  });

  test("the host's own stack is not told as shared, and comes back to LXC alone", () => {
    const found = read(...nic(0, 'type = none'));
    assert.equal(statusOf(found, 'net.0.type'), 'ignored');
    assert.match(found.report.find(({ key }) => key === 'lxc.net.0.type')?.how ?? '', /never shares/);
    assert.deepEqual(nets(written(found.domain)), nic(0, 'type = none'));
  });

  test('an address without a prefix has that of its class', () => {
    const { domain } = read(
      ...nic(
        0,
        'type = veth',
        'link = br0',
        'ipv4.address = 10.1.2.3',
        'ipv4.address = 172.16.0.9',
        'ipv4.address = 192.168.1.4',
        'ipv6.address = fd00::1',
      ),
    );
    assert.deepEqual(
      domain.devices.interfaces?.[0]?.ips?.map(({ prefix }) => prefix),
      [8, 16, 24, 64],
    );
  });

  test('a broadcast address that liblxc would not have taken by itself is told as lost', () => {
    const status = (address: string) =>
      statusOf(
        read(...nic(0, 'type = veth', 'link = br0', `ipv4.address = ${address}`)),
        'net.0.ipv4.address',
      );
    assert.equal(status('10.0.0.2/24 10.0.0.255'), 'carried');
    assert.equal(status('10.0.0.2/24 10.0.0.0'), 'approximated');
  });

  test('flags of any word bring an interface up', () => {
    const [one] = read(...nic(0, 'type = veth', 'link = br0', 'flags = 1')).domain.devices.interfaces ?? [];
    assert.equal(one?.link?.state, 'up');
  });
});

describe('mounts', () => {
  test('optional and create=file come back', () => {
    const found = read(
      'lxc.mount.entry = /opt/keys/site.pem etc/site.pem none bind,ro,optional,create=file 0 0',
    );
    assert.equal(statusOf(found, 'mount.entry'), 'approximated');
    assert.ok(
      written(found.domain).includes(
        'lxc.mount.entry = /opt/keys/site.pem etc/site.pem none bind,ro,optional,create=file 0 0',
      ),
    );
  });

  test('a file system keeps its type, for every format that names one', () => {
    const { domain } = read('lxc.mount.entry = /dev/vgq/books books xfs defaults 0 0');
    const { files, report } = formats.lxc.write(domain, host);
    assert.match([...files.values()][0]?.text ?? '', /^lxc\.mount\.entry = \/dev\/vgq\/books books xfs /m);
    assert.deepEqual(
      report.filter(({ how }) => /ext4/.test(how)),
      [],
    );
    const fstab = formats.vserver.write(domain, host).files.get('web/fstab')?.text ?? '';
    assert.match(fstab, /^\/dev\/vgq\/books\t\/books\txfs\t/m);
  });

  test('an absolute target is a path of the host, and what is not below the root is left out', () => {
    const places = (...lines: readonly string[]) =>
      read(...lines).domain.devices.filesystems?.map(({ target }) => target?.dir);
    assert.deepEqual(
      places(
        'lxc.mount.entry = /tmp /srv/web/tmp none bind,ro 0 0',
        // Of a container on a block device the same place has no other name.
        'lxc.mount.entry = /a /var/lib/lxc/web/rootfs/b//c none bind 0 0',
        'lxc.mount.entry = tmpfs /srv/web/run/ tmpfs size=1M 0 0',
      ),
      ['/', '/tmp', '/b//c', '/run/'],
    );
    for (const target of ['/opt', '/srv/webs/opt', '/srv/web']) {
      const line = `lxc.mount.entry = /opt ${target} none bind 0 0`;
      const found = read(line);
      assert.equal(statusOf(found, 'mount.entry'), 'ignored', target);
      assert.equal(found.domain.devices.filesystems?.length, 1, target);
      assert.ok(written(found.domain).includes(line), target);
    }
  });

  test('what is optional in a folder that each container has of its own is left out, and comes back', () => {
    // The first is a line of the common.conf that comes with LXC and that nearly all configurations include.
    for (const target of ['sys/fs/fuse/connections', '/srv/web/dev/hugepages-2M', 'proc/fs/nfsd']) {
      const line = `lxc.mount.entry = /opt ${target} none bind,optional 0 0`;
      const found = read(line);
      assert.equal(statusOf(found, 'mount.entry'), 'ignored', target);
      assert.equal(found.domain.devices.filesystems?.length, 1, target);
      assert.ok(written(found.domain).includes(line), target);
    }
    for (const target of ['dev/shm', 'dev/mqueue/q', 'devices', 'proc.d/x', 'opt/sys'])
      assert.equal(
        read(`lxc.mount.entry = /opt ${target} none bind,optional 0 0`).domain.devices.filesystems?.length,
        2,
        target,
      );
    // What has to be there is refused by define, which tells why.
    assert.equal(read('lxc.mount.entry = /opt sys/x none bind 0 0').domain.devices.filesystems?.length, 2);
  });

  test('what is mounted below is told as lost', () => {
    const found = read('lxc.mount.entry = /srv/a a none rbind,create=dir 0 0');
    assert.equal(statusOf(found, 'mount.entry'), 'approximated');
    assert.ok(written(found.domain).includes('lxc.mount.entry = /srv/a a none rbind,create=dir 0 0'));
  });
});

describe('words', () => {
  test('architectures are those of libvirt', () => {
    const arch = (name: string) => read(`lxc.arch = ${name}`).domain.os.type.arch;
    const pairs = {
      linux64: 'x86_64',
      linux32: 'i686',
      athlon: 'i686',
      arm64: 'aarch64',
      armhf: 'armv7l',
      armel: 'armv6l',
      ppc64el: 'ppc64le',
      powerpc: 'ppc',
      riscv64: 'riscv64',
    };
    for (const [name, expected] of Object.entries(pairs)) {
      assert.equal(arch(name), expected, name);
      const lines = back(`lxc.arch = ${name}`).filter((line) => line.startsWith('lxc.arch'));
      assert.equal(arch(lines[0]?.slice('lxc.arch = '.length) ?? ''), expected, `${name} and back`);
    }
    const odd = read('lxc.arch = pdp11');
    assert.deepEqual([odd.domain.os.type.arch, statusOf(odd, 'arch')], [undefined, 'ignored']);
  });

  test('keys that older releases had are told as what they were', () => {
    for (const key of ['pivotdir', 'kmsg', 'rootfs.backend'])
      assert.match(
        read(`lxc.${key} = x`).report.find((row) => row.key === `lxc.${key}`)?.how ?? '',
        /before 2\.1/,
      );
    const files = filesOf([['a/config', 'lxc.rootfs = /dev/vg/a\nlxc.rootfs.backend = lvm\n']]);
    const { domain } = formats.lxc.read(files, { name: 'a', path: 'a/config' }, host);
    assert.equal(domain.devices.filesystems?.[0]?.type, 'block');
  });

  test('capabilities by number, numbers by base, and what is no number', () => {
    assert.equal(read('lxc.cap.drop = 21 mknod').domain.features?.capabilities?.sys_admin, 'off');
    assert.equal(read('lxc.init.uid = 0x10').domain.os.inituser, '16');
    for (const line of ['init.uid = www', 'start.auto = 5', 'tty.max = many'])
      assert.equal(statusOf(read(`lxc.${line}`), line.split(' ')[0] ?? ''), 'ignored', line);
  });

  test("a file of Proxmox VE is called one, with liblxc's lines in it or without", () => {
    const text = `arch: amd64\nhostname: shop\nmemory: 768\nnet0: name=eth0,bridge=vmbr3,ip=10.50.0.4/24,type=veth\nrootfs: fast:subvol-613-disk-0,size=6G\n`;
    for (const [path, more] of [
      ['613.conf', ''],
      ['shop', 'lxc.cgroup2.devices.allow: c 10:200 rwm\n'],
    ] as const) {
      const files = filesOf([[path, text + more]]);
      assert.deepEqual(formats.openvz.detect(files), []);
      const [unit] = formats.lxc.detect(files);
      assert.ok(unit);
      assert.throws(
        () => formats.lxc.read(files, unit, host),
        (error) =>
          error instanceof FormatError && error.code === 'invalid' && /Proxmox VE/.test(error.message),
      );
    }
  });

  test('a file that is not there is told as such', () => {
    const own = filesOf([
      ['a/config', 'lxc.include = /etc/nowhere/base.conf\nlxc.mount.fstab = /etc/nofstab\n'],
    ]);
    const unit = { name: 'a', path: 'a/config' };
    const files = withReferences(formats.lxc, own, unit, () => []);
    for (const { how } of formats.lxc.read(files, unit, { ...host, isWhole: true }).report)
      assert.match(how, /there is no such file.*missing from the result/);
    for (const { how } of formats.lxc.read(own, unit, host).report) assert.match(how, /was not given/);
  });
});

describe('numbers of 64 bits', () => {
  test('are exact, or no limit, never another number', () => {
    for (const word of ['max', '9223372036854771712', '9223372036854775807', '18446744073709551615', '8E'])
      for (const key of [
        'cgroup2.memory.max',
        'cgroup.memory.limit_in_bytes',
        'cgroup.memory.soft_limit_in_bytes',
      ]) {
        const found = read(`lxc.${key} = ${word}`);
        assert.equal(found.domain.memtune, undefined, `${key} ${word}`);
        assert.equal(statusOf(found, key), 'carried', `${key} ${word}`);
      }
    const large = '9007199254741000192';
    const lines = back(`lxc.cgroup2.memory.max = ${large}`);
    assert.ok(lines.includes(`lxc.cgroup2.memory.max = ${large}`), 'every digit of it');
    const io = read('lxc.cgroup2.io.max = 8:0 rbps=18446744073709551615 wiops=7');
    assert.deepEqual(io.domain.blkiotune?.devices, [{ path: '/dev/block/8:0', writeIopsSec: 7 }]);
    assert.equal(statusOf(io, 'cgroup2.io.max'), 'approximated');
    assert.equal(
      statusOf(read('lxc.cgroup2.pids.max = 9007199254740993'), 'cgroup2.pids.max'),
      'approximated',
    );
  });

  test("libvirt's number for no limit is none here either", () => {
    const domain = parseDomainOrThrow(
      "<domain type='lxc'><name>a</name><memory>1024</memory><memtune><hard_limit>9007199254740991</hard_limit><soft_limit>9007199254740991</soft_limit></memtune><devices><filesystem><source dir='/r'/><target dir='/'/></filesystem></devices></domain>",
    );
    assert.deepEqual(
      written(domain).filter((line) => /memory/.test(line)),
      ['lxc.cgroup.memory.limit_in_bytes = 1048576', 'lxc.cgroup2.memory.max = 1048576'],
    );
  });
});

/** Every key with values that mean something and some that do not. */
const values: Readonly<Record<string, readonly string[]>> = {
  'net.N.type': ['veth', 'macvlan', 'ipvlan', 'vlan', 'phys', 'empty', 'none', 'odd'],
  'net.N.flags': ['up', '1'],
  'net.N.hwaddr': ['02:00:00:00:00:01', '02:xx:xx:xx:xx:xx'],
  'net.N.mtu': ['1400', 'big'],
  'net.N.ipv4.address': ['10.0.0.2/24', '10.0.0.3', '10.0.0.4/24 10.0.0.0', 'x'],
  'net.N.ipv6.address': ['fd00::2/64', 'fd00::3'],
  'net.N.ipv4.gateway': ['10.0.0.1', 'auto', 'dev'],
  'net.N.ipv6.gateway': ['fd00::1', 'auto'],
  'net.N.veth.mode': ['router', 'bridge', 'odd'],
  'net.N.veth.vlan.id': ['7', 'none'],
  'net.N.vlan.id': ['9', '0xa'],
  'net.N.macvlan.mode': ['bridge', 'vepa', 'passthru', 'odd'],
  'mount.entry': [
    '/a b none bind,optional 0 0',
    '/f g none bind,create=file 0 0',
    '/dev/sdb1 d xfs ro 0 0',
    'tmpfs t tmpfs size=1M 0 0',
    'h:/x y nfs defaults 0 0',
    'i j none bind,relative 0 0',
    '/k /srv/web/l none bind 0 0',
    '/m /n none bind 0 0',
  ],
  'rootfs.options': ['ro', 'nosuid', 'idmap=container'],
  arch: ['amd64', 'linux32', 'armhf', 'pdp11'],
  'cap.drop': ['mknod 21', 'odd'],
  'cap.keep': ['net_raw'],
  idmap: ['u 0 1000 10', 'g 0 1000 10', 'x'],
  environment: ['A=1', 'A'],
  'init.uid': ['7', 'www'],
  'init.gid': ['7'],
  'tty.max': ['2', '0', '70', 'x'],
  'pty.max': ['9', '1'],
  'start.auto': ['1', '0', '2'],
  'apparmor.profile': ['unconfined', 'own'],
  'seccomp.profile': ['/x/common.seccomp', '/own'],
  no_new_privs: ['1', 'x'],
  'namespace.share.': ['other'],
  'prlimit.': ['64', '1:2', 'unlimited'],
  'sysctl.': ['1'],
};
const families: Readonly<Record<string, readonly string[]>> = {
  'prlimit.': ['nofile', 'core', 'memlock'],
  'sysctl.': ['kernel.shmall', 'net.ipv4.ip_forward'],
  'namespace.share.': ['net', 'pid'],
  'cgroup.': [
    'memory.limit_in_bytes',
    'cpu.shares',
    'cpu.cfs_quota_us',
    'blkio.weight',
    'pids.max',
    'freezer.state',
  ],
  'cgroup2.': [
    'memory.max',
    'memory.high',
    'memory.low',
    'cpu.weight',
    'cpu.max',
    'pids.max',
    'io.max',
    'hugetlb.2MB.max',
  ],
  'hook.': ['start'],
};
const groupValues = [
  '4096',
  '1048576',
  '512',
  'max',
  '9223372036854775807',
  '9007199254740993',
  '8:0 rbps=5',
  '-1',
];
const setting = fc
  .constantFrom(...lxcKeys.filter(({ name }) => name !== 'include' && name !== 'rootfs.path'))
  .chain(({ name }) => {
    const given =
      name.startsWith('cgroup') && name.endsWith('.') ? groupValues : (values[name] ?? ['x', '/x', '1']);
    const names = (families[name] ?? ['x']).map((rest) => (name.endsWith('.') ? name + rest : name));
    return fc
      .tuple(fc.constantFrom(...names), fc.constantFrom(...given), fc.integer({ min: 0, max: 3 }))
      .map(([full, value, number]) => `lxc.${full.replace('net.N.', `net.${number}.`)} = ${value}`);
  });
/** What every domain has and does, so that a line which says so changes nothing. */
const usual = [
  /^(no limit|no console)$/,
  /by the runtime$/,
  /^privnet, unless/,
  /^its loopback is up$/,
  /^the usual mode$/,
  /^the filter that every domain has$/,
  /^autostart off$/,
  /^every container has it$/,
  /^everything not allowed is denied$/,
  /^capabilities, policy (allow|deny)$/, // a capability twice
];

test('property: what is told carried is in the document, or comes back', () => {
  const types = fc
    .tuple(fc.integer({ min: 0, max: 3 }), fc.constantFrom(...(values['net.N.type'] ?? [])))
    .map(([number, type]) => `lxc.net.${number}.type = ${type}`);
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.oneof(setting, types), {
        maxLength: 12,
        selector: (line) => line.split(' = ')[0] ?? '',
      }),
      (lines) => {
        const text = ['lxc.rootfs.path = dir:/r', ...lines].join('\n');
        assert.deepEqual(untrue('lxc', 'web/config', text, usual), [], text);
      },
    ),
    { numRuns: 400 },
  );
});

test('property: another value that is told carried too is another result', () => {
  const same = [...usual, /^link$/];
  const pairs = lxcKeys.flatMap(({ name }) => {
    const given = values[name] ?? [];
    return given.flatMap((one, at) => given.slice(at + 1).map((other) => [name, one, other] as const));
  });
  for (const [name, one, other] of pairs)
    for (const type of ['veth', 'macvlan', 'phys', 'vlan']) {
      const key = (name.endsWith('.') ? `${name}nofile` : name).replace('net.N.', 'net.0.');
      const around = name === 'net.N.type' ? [] : [`lxc.net.0.type = ${type}`];
      const found = [one, other].map((value) => {
        const result = read(...around, 'lxc.net.0.link = nic0', `lxc.${key} = ${value}`);
        const row = result.report.find((each) => each.key === `lxc.${key}` && each.line > 1);
        return {
          row,
          xml: formatDomain(result.domain),
          autostart: result.autostart,
          back: written(result.domain),
        };
      });
      const isCarried = found.every(({ row }) => row?.status === 'carried');
      if (!isCarried || found.some(({ row }) => same.some((pattern) => pattern.test(row?.how ?? ''))))
        continue;
      const [first, second] = found.map(({ row: _, ...rest }) => rest);
      assert.notDeepEqual(first, second, `${key}: ${one} and ${other}`);
    }
});

test('property: written and read once more, a configuration changes no further', () => {
  fc.assert(
    fc.property(fc.array(setting, { maxLength: 12 }), (lines) => {
      const first = back(...lines).filter((line) => !line.startsWith('lxc.rootfs.path'));
      const second = back(...first).filter((line) => !line.startsWith('lxc.rootfs.path'));
      assert.deepEqual([...second].sort(), [...first].sort());
    }),
    { numRuns: 200 },
  );
});
