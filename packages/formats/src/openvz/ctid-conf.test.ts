// Tests of reading and writing a container's own file.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDomain, parseDomain } from '@ctvirt/xml';
import fc from 'fast-check';
import { rootOf } from '../edit.js';
import { effectiveValues, parseConf } from './conf-file.js';
import { readCtidConf, writeCtidConf } from './ctid-conf.js';
import type { Parameter } from './parameter.js';
import { parameters } from './parameters.js';

const host = { ctid: 105, pageSize: 4096, hostCpus: 4 };
const read = (text: string, options = {}) => readCtidConf(text, { ...host, ...options });
const valueIn = (text: string, key: string) => effectiveValues(parseConf(text)).values.get(key)?.value;

const real = `# A container as vzctl leaves it
ONBOOT="yes"
KMEMSIZE="14372700:14790164"
PRIVVMPAGES="65536:69632"
NUMPROC="240:240"
VMGUARPAGES="33792:unlimited"
DISKSPACE="1048576:1153024"
DISKINODES="200000:220000"
QUOTATIME="0"
CPUUNITS="1000"
VE_ROOT="/vz/root/$VEID"
VE_PRIVATE="/vz/private/$VEID"
OSTEMPLATE="centos-5-x86"
ORIGIN_SAMPLE="vps.basic"
IP_ADDRESS="192.168.1.105 10.0.0.1/24 fe80::1 192.168.1.105"
NETIF="ifname=eth0,bridge=br0,mac=00:18:51:AB:CD:EF,host_ifname=veth105.0,host_mac=00:18:51:AB:CD:F0"
HOSTNAME="ct.example.org"
NAMESERVER="10.0.0.53 10.0.0.54"
SEARCHDOMAIN="example.org"
CAPABILITY="SYS_TIME:on MKNOD:off VE_ADMIN:on"
DEVNODES="net/tun:rw sdb:r"
LOCAL_HACK="kept"

#UUID: 8509a1d4-1569-4467-8b37-4e433a1ac7b1
`;

test('a real file becomes a document that says the same', () => {
  const { domain, autostart, report } = read(real);
  assert.equal(autostart, true);
  assert.equal(domain.name, '105');
  assert.equal(domain.uuid, '8509a1d4-1569-4467-8b37-4e433a1ac7b1');
  assert.deepEqual(parseDomain(formatDomain(domain)).findings, []);
  const root = rootOf(domain);
  assert.equal(root?.type === 'template' && root.source.name, 'centos-5-x86');
  assert.equal(root?.spaceHardLimitBytes, 1153024 * 1024);
  assert.deepEqual(
    domain.devices.interfaces?.map((one) => [
      one.type,
      one.ips?.map(({ address }) => address),
      one.guest?.dev,
    ]),
    [
      ['ethernet', ['192.168.1.105', '10.0.0.1', 'fe80::1'], undefined],
      ['bridge', undefined, 'eth0'],
    ],
  );
  assert.equal(domain.features?.capabilities?.sys_time, 'on');
  assert.equal(domain.features?.capabilities?.mknod, 'off');
  assert.deepEqual(
    domain.devices.hostdevs?.map(({ type }) => type),
    ['misc', 'storage'],
  );
  const status = Object.fromEntries(report.map((row) => [row.key, row.status]));
  assert.equal(status['PRIVVMPAGES'], 'approximated');
  assert.equal(status['NETIF'], 'approximated');
  assert.equal(status['CAPABILITY'], 'approximated');
  assert.equal(status['LOCAL_HACK'], 'ignored');
  const keys = new Set(effectiveValues(parseConf(real)).values.keys());
  for (const key of keys) assert.ok(status[key], `${key} is in the report`);
});

test('written over itself, a file keeps its lines', () => {
  const { domain } = read(real);
  const { text } = writeCtidConf(real, domain, host);
  const before = effectiveValues(parseConf(real)).values;
  for (const [key, { value }] of before)
    if (!['NUMPROC', 'IP_ADDRESS', 'NETIF', 'CAPABILITY', 'DEVNODES'].includes(key))
      assert.equal(valueIn(text, key), value, key);
  assert.match(text, /^# A container as vzctl leaves it\nONBOOT="yes"\n/);
  assert.equal(valueIn(text, 'NUMPROC'), '240');
  assert.equal(valueIn(text, 'IP_ADDRESS'), '192.168.1.105 10.0.0.1/24 fe80::1');
  assert.equal(valueIn(text, 'CAPABILITY'), 'MKNOD:off SYS_TIME:on');
  assert.equal(writeCtidConf(text, domain, host).text, text);
});

test('what a document no longer says leaves the file, places stay', () => {
  const { domain } = read(real);
  const { hostname: _, dns: __, ...bare } = domain;
  const { text } = writeCtidConf(real, bare, { ...host, autostart: false });
  assert.equal(valueIn(text, 'HOSTNAME'), undefined);
  assert.equal(valueIn(text, 'NAMESERVER'), undefined);
  assert.equal(valueIn(text, 'VE_ROOT'), '/vz/root/$VEID');
  assert.equal(valueIn(text, 'ONBOOT'), 'no');
});

test('a value the file cannot hold is left out and reported', () => {
  const { domain } = read(real);
  const { text, report } = writeCtidConf(undefined, { ...domain, description: 'say "hi"\n$(reboot)' }, host);
  assert.equal(valueIn(text, 'DESCRIPTION'), undefined);
  assert.deepEqual(
    report.map(({ key, status }) => [key, status]),
    [['DESCRIPTION', 'ignored']],
  );
});

test('libvirt reads DISKSPACE and PRIVVMPAGES as two plain numbers', () => {
  const { domain } = read('PRIVVMPAGES="64M"\nDISKSPACE="1G"\nKMEMSIZE="1:2"\nOSTEMPLATE="t"\n');
  const { text } = writeCtidConf(undefined, domain, host);
  assert.equal(valueIn(text, 'PRIVVMPAGES'), '16384:16384');
  assert.equal(valueIn(text, 'DISKSPACE'), '1048576:1048576');
});

test('vz.conf counts where the container is silent, and its own keys do not', () => {
  const vzConf =
    'VE_PRIVATE="/srv/$VEID"\nNAMESERVER="inherit"\nCPUUNITS="5"\nNETFILTER="full"\nVE_LAYOUT="ploop"\nLOCKDIR="/l"\n';
  const { domain } = read('CPUUNITS="1000"\n', { vzConf, root: 'private' });
  const root = rootOf(domain);
  assert.equal(root?.type === 'mount' && root.source.dir, '/srv/105');
  assert.equal(domain.cputune?.shares, 1024);
  assert.deepEqual(
    domain.beancounters?.map(({ name }) => name),
    ['ve_private', 'nameserver'],
  );
});

test('in place, the root is the private area, plain or ploop', () => {
  const plain = rootOf(read(real, { root: 'private' }).domain);
  assert.equal(plain?.type === 'mount' && plain.source.dir, '/vz/private/105');
  const image = rootOf(read(`${real}VE_LAYOUT="ploop"\n`, { root: 'private' }).domain);
  assert.equal(image?.type === 'file' && image.source.file, '/vz/private/105/root.hdd/root.hds');
  assert.equal(rootOf(read('').domain)?.type, 'mount');
});

test('a malformed UUID comment is reported, not taken', () => {
  const { domain, report } = read('#UUID: nonsense\n');
  assert.equal(domain.uuid, undefined);
  assert.equal(report.find(({ key }) => key === '#UUID:')?.status, 'ignored');
});

test('a first value above the second is lowered to it, and reported so', () => {
  const { report } = read('NUMPROC="240:200"\nDISKSPACE="2G:1G"\nDISKINODES="20:10"\nNUMFLOCK="1:2"');
  assert.deepEqual(report.map(({ key, status }) => [key, status]).sort(), [
    ['DISKINODES', 'approximated'],
    ['DISKSPACE', 'approximated'],
    ['NUMFLOCK', 'carried'],
    ['NUMPROC', 'approximated'],
  ]);
});

test("the host's own name servers and search domains, said twice", () => {
  for (const key of ['NAMESERVER', 'SEARCHDOMAIN']) {
    const { domain } = read(`${key}="inherit"\n${key}="inherit"`);
    assert.equal(domain.dns, undefined);
    assert.equal(
      valueIn(writeCtidConf(undefined, domain, { ...host, autostart: false }).text, key),
      'inherit',
    );
  }
});

const number = fc.integer({ min: 1, max: 10_000_000 }).map(String);
const word = fc.stringMatching(/^[a-z][a-z0-9.-]{0,12}$/);
const values: Readonly<Record<Parameter['syntax'], fc.Arbitrary<string>>> = {
  ubc: fc.oneof(
    number,
    fc.tuple(fc.nat(1_000_000), fc.nat(1_000_000)).map(([a, b]) => `${Math.min(a, b)}:${Math.max(a, b)}`),
    number.map((barrier) => `${barrier}:unlimited`),
  ),
  disk: fc.tuple(fc.nat(1_000_000), fc.nat(1_000_000)).map(([a, b]) => `${Math.min(a, b)}:${Math.max(a, b)}`),
  ulong: fc.integer({ min: 8, max: 64 }).map(String),
  rate: number,
  float: fc.constantFrom('1.5', '2'),
  bool: fc.constantFrom('yes', 'no'),
  list: fc.constantFrom('10.0.0.1', '10.0.0.1 10.0.0.2', 'inherit', 'eth1 eth2', ''),
  path: fc.constantFrom('/vz/private/$VEID', '/a/b'),
  bitmap: fc.constantFrom('all', '0,2', '0-3'),
  cpulimit: fc.constantFrom('0', '50', '150', '25%'),
  meminfo: fc.constantFrom('none', 'pages:1000', 'privvmpages:1'),
  netif: fc.constantFrom('ifname=eth0', 'ifname=eth0,bridge=br0,mac=00:18:51:AB:CD:EF'),
  switches: fc.constantFrom('sys_time:on', 'SYS_TIME:on MKNOD:off', 'nfs:on'),
  text: fc.stringMatching(/^[a-zA-Z0-9 .,]{0,20}$/),
  word,
};
const line = fc
  .constantFrom(...parameters.filter(({ group }) => group !== 'host'))
  .chain((parameter) => values[parameter.syntax].map((value) => `${parameter.key}="${value}"`));

test('property: a file read, written and read again is the same domain', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 30 }), fc.constantFrom('template', 'private'), (lines, root) => {
      const first = read(lines.join('\n'), { root });
      const { text } = writeCtidConf(undefined, first.domain, { ...host, autostart: first.autostart });
      const second = read(text, { root });
      assert.deepEqual(second.domain, first.domain);
      assert.equal(writeCtidConf(text, second.domain, { ...host, autostart: second.autostart }).text, text);
    }),
    { numRuns: 150 },
  );
});

test('property: any text gives a domain and a report with existing lines', () => {
  const odd = fc.oneof(line, fc.string(), fc.stringMatching(/^[A-Z_]{1,12}="?[a-z0-9:./, %$-]{0,20}"?$/));
  fc.assert(
    fc.property(fc.array(odd), (lines) => {
      const text = lines.join('\n');
      const { domain, report } = read(text);
      assert.equal(domain.type, 'openvz');
      const count = text.split('\n').length;
      for (const row of report) assert.ok(row.line >= 0 && row.line <= count && row.how !== '');
      writeCtidConf(text, domain, host);
    }),
    { numRuns: 200 },
  );
});

test('what is kept and has no effect here is not told as carried', () => {
  const { domain, report } = read(
    'FEATURES="ppp:on"\nDEVICES="c:10:200:rw"\nNETFILTER="full"\nRATEBOUND="yes"\nDEVNODES="net/tun:rw sdb:rw"\nNUMPROC="40:40"\n',
  );
  for (const { key, status, how } of report)
    if (key === 'NUMPROC') assert.equal(status, 'carried');
    else assert.match(`${key} ${status} ${how}`, /^\w+ approximated .*(?:no effect here|not handed over)/);
  assert.equal(report.length, 6);
  const { text } = writeCtidConf(undefined, domain, host);
  assert.equal(valueIn(text, 'NETFILTER'), 'full');
  const tun = read('DEVNODES="net/tun:rw fuse:rw"\n').report;
  assert.deepEqual(
    tun.map(({ status }) => status),
    ['carried'],
  );
});
