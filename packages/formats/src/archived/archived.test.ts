// Configurations in archives of other systems, as those systems write them.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDomain, parseDomain } from '@ctvirt/xml';
import fc from 'fast-check';
import { FormatError } from '../errors.js';
import type { ArchivedContainer } from './container.js';
import { containerIn, readIncus, readIncusIndex } from './incus.js';
import { readPct } from './pct.js';
import { readVps } from './vps.js';
import { parseYaml, type YamlNode } from './yaml.js';

const options = { name: 'unnamed', template: 'empty', pageSize: 4096, cpus: 4 };

/** The document, and of what is not carried what became of it. */
function told({ domain, report }: ArchivedContainer): { xml: string; lost: string[] } {
  const xml = formatDomain(domain);
  assert.deepEqual(
    parseDomain(xml).findings.filter(({ severity }) => severity === 'error'),
    [],
  );
  const lost = report.flatMap(({ key, status, how }) => (status === 'carried' ? [] : [`${key}: ${how}`]));
  return { xml, lost };
}

const contains = (xml: string, ...parts: readonly string[]): void => {
  for (const part of parts) assert.ok(xml.includes(part), `${part} is not in ${xml}`);
};

const pct = `#A web server%3A%0Asecond line
arch: amd64
cores: 2
cpulimit: 1.5
cpuunits: 200
features: nesting=1
hostname: web
memory: 512
swap: 256
mp0: local-lvm:vm-101-disk-1,mp=/srv/data,size=8G
mp1: /tank/media,mp=/srv/media,ro=1
mp2: local-lvm:vm-101-disk-2,mp=/srv/more,backup=1,size=1G
nameserver: 192.0.2.53
net0: name=eth0,bridge=vmbr0,firewall=1,gw=192.0.2.1,hwaddr=BC:24:11:2E:C5:4A,ip=192.0.2.10/24,ip6=auto,tag=5,type=veth
onboot: 1
ostype: debian
rootfs: local-lvm:vm-101-disk-0,size=4G
startup: order=3,up=10
unprivileged: 1
lxc.cgroup2.devices.allow: c 10:200 rwm
lxc.nonsense: 1

[before-upgrade]
arch: amd64
hostname: other
`;

test('a container of Proxmox VE', () => {
  const read = readPct(pct, 'pct.conf', options);
  const { xml, lost } = told(read);
  contains(
    xml,
    '<name>web</name>',
    '<description>A web server:\nsecond line</description>',
    "<memory unit='KiB'>524288</memory>",
    "<swap_hard_limit unit='KiB'>786432</swap_hard_limit>",
    '>2</vcpu>',
    '<quota>150000</quota>',
    "<source name='empty'/>",
    "<space_hard_limit unit='bytes'>4294967296</space_hard_limit>",
    "<source dir='/tank/media'/>",
    '<readonly/>',
    "<mac address='bc:24:11:2e:c5:4a'/>",
    "<source bridge='vmbr0'/>",
    "<ip address='192.0.2.10' family='ipv4' prefix='24'/>",
    "<tag id='5'/>",
    '/dev/net/tun',
  );
  assert.equal(read.autostart, true);
  assert.deepEqual(read.left, [{ kind: 'volume', source: 'local-lvm:vm-101-disk-1', target: '/srv/data' }]);
  const said = lost.join('\n');
  for (const one of [
    /^features: no element holds it; kept/m,
    /^mp2: the files of .* are in the archive, and part of the root/m,
    /^net0: firewall: no element holds it/m,
    /^\[before-upgrade\]: a snapshot: its files are not in the archive/m,
    /^lxc: lxc.nonsense: is no key/m,
    /^nameserver: as it was last written/m,
  ])
    assert.match(said, one);
  assert.doesNotMatch(xml, />other</);
});

test('a container of OpenVZ, with limits for its disk wherever it lay', () => {
  const conf =
    'ONBOOT="yes"\nDISKSPACE="2G:2.2G"\nPHYSPAGES="0:256M"\nHOSTNAME="shop.example.com"\nODD="1"\n';
  const places = 'VE_ROOT="/vz/root/$VEID"\nVE_PRIVATE="/vz/private/$VEID"\n';
  for (const rest of ['', places, `${places}OSTEMPLATE="debian-7"\n`]) {
    const read = readVps(conf + rest, 'vps.conf', { ...options, name: '101' });
    const { xml, lost } = told(read);
    contains(xml, "<domain type='openvz'>", '<name>101</name>', "<source name='empty'/>", 'space_hard_limit');
    assert.deepEqual(lost, ['ODD: no parameter of OpenVZ; kept by its name']);
    assert.equal(read.report.find(({ key }) => key === 'ODD')?.line, 5);
    assert.equal(read.autostart, true);
  }
});

const container = `  architecture: x86_64
  config:
    image.os: Debian
    limits.cpu: "2"
  created_at: 2026-01-02T03:04:05.678Z
  description: |-
    Web
    server
  devices: {}
  ephemeral: false
  expanded_config:
    boot.autostart: "true"
    environment.LANG: C.UTF-8
    image.description: 'Debian: bookworm'
    limits.cpu: "2"
    limits.memory: 512MiB
    limits.cpu.allowance: 25ms/100ms
    limits.processes: "200"
    raw.lxc: |
      lxc.cap.drop = sys_time
      nonsense
    security.nesting: "true"
    user.user-data: |
      #cloud-config
      packages:
      - nginx
    volatile.eth0.hwaddr: 00:16:3e:12:34:56
    volatile.last_state.idmap: '[{"Isuid":true,"Isgid":false,"Hostid":1000000,"Nsid":0,"Maprange":1000000000}]'
  expanded_devices:
    eth0:
      name: eth0
      network: incusbr0
      type: nic
    media:
      path: /srv/media
      readonly: "true"
      source: /tank/media
      type: disk
    data:
      path: /srv/data
      pool: default
      source: data
      type: disk
    root:
      path: /
      pool: default
      size: 5GiB
      type: disk
    web:
      connect: tcp:127.0.0.1:80
      listen: tcp:0.0.0.0:80
      type: proxy
  name: web
  profiles:
  - default
  stateful: false
`;
const index = `name: web
backend: zfs
pool: default
snapshots:
- before
- later
optimized: false
optimized_header: false
type: container
config:
  container:
${container.replaceAll(/^(?=.)/gm, '  ')}  pool:
    config: {}
`;

test('a container of Incus, by its index and by its backup.yaml', () => {
  const { container: inIndex, ...said } = readIncusIndex(index, 'index.yaml');
  assert.deepEqual(said, {
    name: 'web',
    type: 'container',
    isOptimized: false,
    snapshots: ['before', 'later'],
  });
  assert.ok(inIndex !== undefined);
  const beside = containerIn(`container:\n${container}pool:\n  config: {}\n`, 'backup.yaml');
  for (const node of [inIndex, beside]) {
    const read = readIncus(node, said.snapshots, 'index.yaml', options);
    const { xml, lost } = told(read);
    contains(
      xml,
      '<name>web</name>',
      '<description>Web\nserver</description>',
      '>2</vcpu>',
      "<memory unit='KiB'>524288</memory>",
      '<quota>25000</quota>',
      "<initenv name='LANG'>C.UTF-8</initenv>",
      "<mac address='00:16:3e:12:34:56'/>",
      "<source bridge='incusbr0'/>",
      "<source dir='/tank/media'/>",
      "<space_hard_limit unit='bytes'>5368709120</space_hard_limit>",
      '#cloud-config&#10;packages:&#10;- nginx',
    );
    assert.equal(read.autostart, true);
    assert.deepEqual(read.left, [{ kind: 'volume', source: 'default/data', target: '/srv/data' }]);
    const words = lost.join('\n');
    for (const one of [
      /^raw.lxc: nonsense: is no lxc key/m,
      /^security.nesting: no element holds it; kept by its name/m,
      /^web: no element holds a device of type proxy like it; kept/m,
      /^snapshot before: snapshots are not taken over/m,
      /^data: default\/data is not in the archive/m,
    ])
      assert.match(words, one);
  }
});

const plain = ({ text, list, map }: YamlNode): unknown =>
  map !== undefined
    ? Object.fromEntries([...map].map(([key, one]) => [key, plain(one)]))
    : list !== undefined
      ? list.map(plain)
      : (text ?? null);

test('YAML as programs write it', () => {
  const text = `---
# a remark
a: plain text
b: "quoted \\"text\\" \\u00e9"
'c d': 'it''s'
e: {}
f: []
g:
- one
- two: 2
  three:
  - 4
-
  five: null
h: |
  first
    second

i: >-
  folded
  text
j: a long one that
  goes on
k: 'and one
  in quotes'
l:
`;
  assert.deepEqual(plain(parseYaml(text, 'x')), {
    a: 'plain text',
    b: 'quoted "text" é',
    'c d': "it's",
    e: {},
    f: [],
    g: ['one', { two: '2', three: ['4'] }, { five: null }],
    h: 'first\n  second\n',
    i: 'folded text',
    j: 'a long one that goes on',
    k: 'and one in quotes',
    l: null,
  });
  assert.deepEqual(plain(parseYaml('', 'x')), null);
  for (const wrong of [
    'a: &b c',
    'a: *b',
    'a: !!str b',
    'a: {b: c}',
    'a: "b',
    'a: b\na: c',
    'a:\n\tb: c',
    'a: b\nc',
    ' a: b\nc: d',
  ])
    assert.throws(() => parseYaml(wrong, 'x'), FormatError, wrong);
  assert.throws(
    () => parseYaml(Array.from({ length: 50 }, (_, n) => `${' '.repeat(n)}a:`).join('\n'), 'x'),
    FormatError,
  );
});

test('quotations go on over lines, and only their own kind escapes anything', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['"a\n  b"', 'a b'],
    ['"a\n\n\n  b"', 'a\n\nb'],
    ['"a\\\n  b"', 'ab'],
    ['"a\\\\\n  b"', 'a\\ b'],
    ["'a\\\n  b'", 'a\\ b'],
    ["'a''\n  ''b' # of it", "a' 'b"],
    ['"\n  \\"a\\""', ' "a"'],
  ];
  for (const [written, said] of cases)
    assert.deepEqual(plain(parseYaml(`k: ${written}\n`, 'x')), { k: said }, written);
  assert.throws(() => parseYaml('k: "a" b"\n', 'x'), FormatError);
});

test('what a stranger writes is read in a time that goes by its length', () => {
  const [few, many] = [20_000, 100_000];
  const blanks = ' '.repeat(many);
  const texts: readonly string[] = [
    `a${blanks}b`,
    `a:${blanks}b`,
    'a:'.repeat(many),
    `name: "a"${blanks}b`,
    `name: "\n${'aaaa\n'.repeat(few - 10)}`,
    `name: '\n${"''\n".repeat(few - 10)}`,
    `name: "\n${'\\"\n'.repeat(few - 10)}"`,
    `name: a\n${' b\n'.repeat(few - 10)}`,
    '\n'.repeat(many),
    `X="1${'\n'.repeat(many)}"`,
    `lxc.a${blanks}b: 1`,
    `net0: ${'a=b,'.repeat(many)}`,
  ];
  for (const text of texts)
    for (const read of [
      () => readIncusIndex(text, 'index.yaml'),
      () => readPct(text, 'pct.conf', options),
      () => readVps(text, 'vps.conf', { ...options, name: '101' }),
    ]) {
      // Of work: how long this waits for a processor is no matter of the text.
      const began = process.cpuUsage();
      try {
        read();
      } catch (error) {
        assert.ok(error instanceof FormatError, String(error));
      }
      assert.ok(process.cpuUsage(began).user < 5e6, text.slice(0, 20));
    }
});

test('no configuration brings out a fault', () => {
  const damaged = (text: string) =>
    fc
      .array(fc.tuple(fc.nat(text.length), fc.nat(20), fc.string({ maxLength: 12 })), {
        minLength: 1,
        maxLength: 6,
      })
      .map((cuts) =>
        cuts.reduce((one, [at, length, put]) => one.slice(0, at) + put + one.slice(at + length), text),
      );
  const sound = (read: () => ArchivedContainer): void => {
    let found: ArchivedContainer;
    try {
      found = read();
    } catch (error) {
      assert.ok(error instanceof FormatError, String(error));
      return;
    }
    told(found);
  };
  fc.assert(
    fc.property(damaged(pct), damaged(container), (one, two) => {
      sound(() => readPct(one, 'pct.conf', options));
      sound(() => readIncus(containerIn(`container:\n${two}`, 'x'), [], 'x', options));
    }),
    { numRuns: 300 },
  );
});
