// Both seeds' documents as they were posted, and what libvirt added since.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Domain,
  formatDevice,
  formatDomain,
  parseDevice,
  parseDomain,
  parseDomainOrThrow,
  XmlError,
} from './index.js';

const proposal2007 = `<domain type='openvz'>
  <name>105</name>
  <uuid>8509a1d4-1569-4467-8b37-4e433a1ac7b1</uuid>
  <filesystem>
    <template>gentoo-20060317-i686-stage3</template>
    <quota level='first'>10737418240</quota>
    <quota level='second' uid='500'>5368709120</quota>
  </filesystem>
  <profile>vps.basic</profile>
  <devices>
    <interface>
      <ipaddress>192.168.1.105</ipaddress>
    </interface>
  </devices>
  <nameserver>192.168.1.1</nameserver>
  <hostname>fedora105</hostname>
</domain>
`;

test('the 2007 proposal becomes the canonical form', () => {
  const { domain, findings } = parseDomain(proposal2007, { strict: true });
  assert.deepEqual(findings, []);
  assert.ok(domain);
  // Memory, processors and architecture come from the profile and the host.
  const filled: Domain = {
    ...domain,
    memoryKiB: 262144,
    vcpu: { placement: 'static', value: 1 },
    os: { ...domain.os, type: { ...domain.os.type, arch: 'x86_64' } },
  };
  assert.equal(
    formatDomain(filled),
    `<domain type='openvz'>
  <name>105</name>
  <uuid>8509a1d4-1569-4467-8b37-4e433a1ac7b1</uuid>
  <profile>vps.basic</profile>
  <memory unit='KiB'>262144</memory>
  <vcpu placement='static'>1</vcpu>
  <os>
    <type arch='x86_64'>exe</type>
    <init>/sbin/init</init>
  </os>
  <hostname>fedora105</hostname>
  <dns>
    <nameserver address='192.168.1.1'/>
  </dns>
  <devices>
    <filesystem type='template' accessmode='passthrough'>
      <source name='gentoo-20060317-i686-stage3'/>
      <target dir='/'/>
      <space_hard_limit unit='bytes'>10737418240</space_hard_limit>
      <quota type='size' uid='500' max='5368709120' unit='bytes'/>
    </filesystem>
    <interface type='ethernet'>
      <ip address='192.168.1.105' family='ipv4'/>
    </interface>
  </devices>
</domain>
`,
  );
  assert.deepEqual(parseDomainOrThrow(formatDomain(filled)), filled);
});

const samples2008: readonly [string, object][] = [
  [
    "<filesystem type='mount'> <source dir='/some/directory'/> <target dir='/'/> </filesystem>",
    { type: 'mount', source: { dir: '/some/directory' }, target: { dir: '/' } },
  ],
  [
    "<filesystem type='template'> <source name='fedora9web'/> <target dir='/'/> </filesystem>",
    { type: 'template', source: { name: 'fedora9web' }, target: { dir: '/' } },
  ],
  [
    "<filesystem type='file'> <source file='/some/file.img'/> <target dir='/'/> </filesystem>",
    { type: 'file', source: { file: '/some/file.img' }, target: { dir: '/' } },
  ],
  [
    "<filesystem type='block'> <source dev='/dev/VolGroup00/Fedora9Web'/> <target dir='/'/> </filesystem>",
    { type: 'block', source: { dev: '/dev/VolGroup00/Fedora9Web' }, target: { dir: '/' } },
  ],
  [
    "<filesystem type='mount'> <source dir='/some/directory'/> <target dir='/home'/> </filesystem>",
    { type: 'mount', source: { dir: '/some/directory' }, target: { dir: '/home' } },
  ],
  [
    `<filesystem type='template'>
      <source name='fedora9web'/> <target dir='/'/>
      <quota type="size" max="10000"/> <quota type="inodes" max="200000"/>
    </filesystem>`,
    {
      type: 'template',
      source: { name: 'fedora9web' },
      target: { dir: '/' },
      quotas: [
        { type: 'size', maxBytes: 10_240_000 },
        { type: 'inodes', max: 200_000 },
      ],
    },
  ],
  [
    "<filesystem type='dataset'><source name='export/foo'/></filesystem>",
    { type: 'dataset', source: { name: 'export/foo' } },
  ],
];

test("the 2008 patch's file systems, each on its own", () => {
  for (const [text, expected] of samples2008) {
    const { device, findings } = parseDevice(text, { strict: true });
    assert.deepEqual(findings, []);
    assert.deepEqual(device, { kind: 'filesystem', model: { accessmode: 'passthrough', ...expected } });
    assert.deepEqual(parseDevice(formatDevice(device)).device, device);
  }
});

test('a device is written in canonical form', () => {
  const { device } = parseDevice(
    '<interface type="bridge"><source bridge="br0"/><mac address="52:54:0:AB:34:56"/></interface>',
  );
  assert.ok(device);
  assert.equal(
    formatDevice(device),
    "<interface type='bridge'>\n  <mac address='52:54:00:ab:34:56'/>\n  <source bridge='br0'/>\n</interface>\n",
  );
});

/** A container with its root and whatever a test adds. */
const container = (inside: string, devices = ''): string =>
  `<domain type='lxc'><name>a</name>${inside}<devices>
<filesystem><source dir='/r'/><target dir='/'/></filesystem>${devices}</devices></domain>`;

test('memory in every unit, rounded up to KiB', () => {
  const cases: readonly [string, string, number][] = [
    ['', '1000', 1000],
    ["unit='b'", '1025', 2],
    ["unit='bytes'", '1024', 1],
    ["unit='KB'", '1024', 1000],
    ["unit='k'", '7', 7],
    ["unit='MiB'", '512', 524288],
    ["unit='m'", '1', 1024],
    ["unit='MB'", '1', 977],
    ["unit='G'", '2', 2097152],
    ["unit='TiB'", '1', 1073741824],
    ["unit='E'", '1', 1125899906842624],
  ];
  for (const [unit, value, expected] of cases)
    assert.equal(parseDomainOrThrow(container(`<memory ${unit}>${value}</memory>`)).memoryKiB, expected);
});

test('beancounters are typed and live in the metadata beside whatever else stands there', () => {
  const text = container(
    `<metadata><app:x xmlns:app='urn:app'>1</app:x><ctvirt:beancounters xmlns:ctvirt='urn:ctvirt:beancounters:1'>` +
      `<ctvirt:parameter name='numproc' barrier='240' limit='9223372036854775807'/><ctvirt:parameter name='iopriority' value='4'/>` +
      `</ctvirt:beancounters></metadata>`,
  );
  const domain = parseDomainOrThrow(text);
  assert.deepEqual(domain.beancounters, [
    { name: 'numproc', barrier: 240, limit: 'unlimited' },
    { name: 'iopriority', value: '4' },
  ]);
  assert.deepEqual(domain.metadata, ["<app:x xmlns:app='urn:app'>1</app:x>"]);
  assert.match(
    formatDomain(domain),
    /<metadata>\n {4}<app:x xmlns:app='urn:app'>1<\/app:x>\n {4}<ctvirt:beancounters xmlns:ctvirt='urn:ctvirt:beancounters:1'>\n {6}<ctvirt:parameter name='numproc' barrier='240' limit='unlimited'\/>/,
  );
  assert.deepEqual(parseDomainOrThrow(formatDomain(domain)), domain);
});

test('what the kernel has no such number of, and takes its nearest, is told', () => {
  const device = (weight: number) => `<device><path>/dev/vda</path><weight>${weight}</weight></device>`;
  for (const [tuning, path] of [
    ['<cputune><shares>1</shares></cputune>', '/domain/cputune/shares'],
    ['<cputune><shares>262145</shares></cputune>', '/domain/cputune/shares'],
    ['<blkiotune><weight>1001</weight></blkiotune>', '/domain/blkiotune/weight'],
    [`<blkiotune>${device(9)}</blkiotune>`, '/domain/blkiotune/device/weight'],
    [
      `<blkiotune><weight>10</weight>${device(1000)}</blkiotune><cputune><shares>2</shares></cputune>`,
      undefined,
    ],
  ] as const) {
    const [told] = parseDomain(container(tuning)).findings;
    assert.deepEqual([told?.severity, told?.path], [path && 'warning', path], tuning);
  }
});

test('of a domain without beancounters no empty element stays, beside which the next one would stand', () => {
  const empty = `<ctvirt:beancounters xmlns:ctvirt='urn:ctvirt:beancounters:1'/>`;
  const domain = parseDomainOrThrow(container(`<metadata>${empty}</metadata>`));
  assert.doesNotMatch(formatDomain(domain), /beancounters/);
  assert.doesNotMatch(formatDomain({ ...domain, beancounters: [] }), /beancounters/);
  const again = formatDomain({ ...domain, beancounters: [{ name: 'numproc', barrier: 1, limit: 1 }] });
  assert.equal(again.match(/<ctvirt:beancounters/g)?.length, 1);
});

test('namespaces shared with others keep their declaration on the root', () => {
  const text = `<domain type='lxc' xmlns:n='http://libvirt.org/schemas/domain/lxc/1.0'><name>a</name><devices>
<filesystem><source dir='/r'/><target dir='/'/></filesystem></devices>
<n:namespace><n:sharenet type='netns' value='red'/></n:namespace></domain>`;
  const domain = parseDomainOrThrow(text);
  assert.deepEqual(domain.lxcNamespace, { sharenet: { type: 'netns', value: 'red' } });
  const written = formatDomain(domain);
  assert.match(written, /<lxc:namespace>\n {4}<lxc:sharenet type='netns' value='red'\/>/);
  assert.deepEqual(parseDomainOrThrow(written).lxcNamespace, domain.lxcNamespace);
});

test('comments and unknown parts keep their place, before, between and after', () => {
  const text = `<!-- head -->
<domain type='lxc' xmlns:x='urn:x' x:a='1'>
  <name kind='new'>a</name>
  <os>
    <type>exe</type>
    <init>/sbin/init</init>
  </os>
  <!-- the disks -->
  <devices>
    <!-- the root -->
    <filesystem type='mount' accessmode='passthrough'>
      <source dir='/r'/>
      <target dir='/'/>
    </filesystem>
    <x:gadget/>
    <filesystem type='mount' accessmode='passthrough'>
      <source dir='/s'/>
      <target dir='/s'/>
    </filesystem>
  </devices>
  <later>
   <thing/>
  </later>
</domain>
<!-- tail -->
`;
  const { domain, findings } = parseDomain(text);
  assert.ok(domain);
  assert.equal(formatDomain(domain), text);
  assert.deepEqual(
    findings.map(({ code, severity, path }) => [severity, code, path]),
    [
      ['warning', 'unknown-attribute', '/domain/@x:a'],
      ['warning', 'unknown-attribute', '/domain/name/@kind'],
      ['warning', 'unknown-element', '/domain/devices/x:gadget'],
      ['warning', 'unknown-element', '/domain/later'],
    ],
  );
  const changed = { ...domain, devices: { ...domain.devices, interfaces: [{ type: 'ethernet' as const }] } };
  const rewritten = formatDomain(changed);
  assert.match(rewritten, /<!-- the root -->\n {4}<filesystem/);
  assert.match(rewritten, /<x:gadget\/>\n {4}<filesystem/);
});

test('errors throw with all findings', () => {
  assert.throws(
    () => parseDomainOrThrow("<domain type='lxc'><name/><devices/></domain>", { file: 'a.xml' }),
    (error) => error instanceof XmlError && error.code === 'bad-value' && error.findings.length === 1,
  );
});

test("libvirt's form declares in <metadata> what its content uses of the declarations around it, as libxml2 does", () => {
  const text = `<domain type='lxc' xmlns:x='urn:x' xmlns:q='urn:q' x:a='1'><name>m</name><metadata xmlns:z='urn:z' foo='1'><x:y/><z:w q:a='1'/><k:l xmlns:k="urn:k"/></metadata>
<devices><filesystem type='mount'><source dir='/r'/><target dir='/'/></filesystem></devices></domain>`;
  const written = formatDomain(parseDomainOrThrow(text), { libvirt: true });
  const [, metadata] = /( {2}<metadata[\s\S]*<\/metadata>)/.exec(written) ?? [];
  assert.equal(
    metadata,
    `  <metadata xmlns:z="urn:z" xmlns:x="urn:x" xmlns:q="urn:q" foo="1">
    <x:y/>
    <z:w q:a="1"/>
    <k:l xmlns:k="urn:k"/>
  </metadata>`,
  );
  assert.equal(formatDomain(parseDomainOrThrow(written, { foreign: true }), { libvirt: true }), written);
});
