// What libvirt lets documents leave out or say otherwise: read here as its LXC driver reads it, and normal in its words.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDomain, leftOutOfLibvirtForm, parseDomain, placeFindings } from '../index.js';

const squeeze = (xml: string): string => xml.replaceAll(/>\s+</g, '><').trim();
const lxcUri = 'http://libvirt.org/schemas/domain/lxc/1.0';

interface Piece {
  readonly head?: string;
  readonly memory?: string;
  readonly os?: string;
  readonly device?: string;
  readonly type?: string;
}
const document = ({ head = '', memory = '', os = '', device = '', type = 'lxc' }: Piece): string =>
  `<domain type='${type}'><name>a</name>${memory}${os}${head}<devices><filesystem><source dir='/x'/><target dir='/'/></filesystem>${device}</devices></domain>`;
const link = (inside: string) => ({
  device: `<interface type='bridge'><source bridge='b'/>${inside}</interface>`,
});
const root = (inside: string) => ({
  device: `<filesystem type='file'><source file='/y'/><target dir='/y'/>${inside}</filesystem>`,
});

/** What stands there, and what of it libvirt 9.0 dumps; undefined where it dumps nothing of it. */
const read: readonly [piece: Piece, normal: string | undefined][] = [
  [
    { head: "<features><capabilities policy='deny'><setuid/></capabilities></features>" },
    "<capabilities policy='deny'><setuid state='on'/></capabilities>",
  ],
  [
    { head: "<features><capabilities><setuid state='off'/><mknod/></capabilities></features>" },
    "<mknod state='on'/><setuid state='off'/>",
  ],
  [{ head: '<features><hap/></features>' }, "<hap state='on'/>"],
  ...["xmlns='URI'><sharenet", "xmlns:lxc='URI'><lxc:sharenet", "xmlns:x='URI'><x:sharenet"].map(
    (form): [Piece, string] => {
      const [declaration = '', child = ''] = form.replace('URI', lxcUri).split('><');
      const prefix = child.includes(':') ? child.replace('sharenet', '') : '';
      return [
        {
          head: `<${prefix}namespace ${declaration}><${child} type='name' value='gate'/></${prefix}namespace>`,
        },
        "<lxc:namespace><lxc:sharenet type='name' value='gate'/></lxc:namespace>",
      ];
    },
  ),
  [
    { head: `<x:namespace xmlns:x='${lxcUri}'><shareuts type='pid' value='7'/></x:namespace>` },
    "<lxc:shareuts type='pid' value='7'/>",
  ],
  [{ head: `<x:namespace xmlns:x='${lxcUri}'/>` }, undefined],
  [{ memory: "<memory unit=''>65536</memory>" }, "<memory unit='KiB'>65536</memory>"],
  [{ memory: '<memory>+65536</memory>' }, "<memory unit='KiB'>65536</memory>"],
  [{ memory: "<memory unit='mib'>64</memory>" }, "<memory unit='KiB'>65536</memory>"],
  [
    { memory: "<memory unit='MiB'>64</memory><currentMemory>0</currentMemory>" },
    "<currentMemory unit='KiB'>65536</currentMemory>",
  ],
  [{ head: '<cputune><period>0</period><global_period>0</global_period></cputune>' }, undefined],
  [
    { head: "<cputune><vcpupin vcpu='0' cpuset='0'/><vcpupin vcpu='7' cpuset='0'/></cputune>" },
    "<cputune><vcpupin vcpu='0' cpuset='0'/></cputune>",
  ],
  [{ head: '<memtune><hard_limit>9007199254740991</hard_limit></memtune>' }, undefined],
  [{ head: '<blkiotune><device><path>/dev/a</path><weight>0</weight></device></blkiotune>' }, undefined],
  [
    { head: "<numatune><memory nodeset='0'/></numatune>" },
    "<numatune><memory mode='strict' nodeset='0'/></numatune>",
  ],
  [
    { head: "<vcpu placement='auto' cpuset='1'>2</vcpu>" },
    "<vcpu placement='auto'>2</vcpu><numatune><memory mode='strict' placement='auto'/></numatune>",
  ],
  [{ head: '<on_poweroff/>' }, '<on_poweroff>destroy</on_poweroff>'],
  [{ device: '<emulator/>' }, '<emulator>/usr/libexec/libvirt_lxc</emulator>'],
  [{ head: "<clock offset='variable'/>" }, "<clock offset='variable' adjustment='0' basis='utc'/>"],
  [{ head: "<clock offset='utc' adjustment='5'/>" }, "<clock offset='variable' adjustment='5' basis='utc'/>"],
  [{ head: "<seclabel model='none'/>" }, "<seclabel type='none' model='none'/>"],
  [
    { head: "<seclabel type='dynamic' model='apparmor'/>" },
    "<seclabel type='dynamic' model='apparmor' relabel='yes'/>",
  ],
  [
    { head: "<seclabel type='static' model='apparmor'><label>x</label></seclabel>" },
    "<seclabel type='static' model='apparmor' relabel='no'><label>x</label></seclabel>",
  ],
  [root('<space_hard_limit>0</space_hard_limit>'), undefined],
  [root('<driver/>'), undefined],
  [root("<driver type='path' wrpolicy='default'/>"), "<driver type='path'/>"],
  ...['mac', 'link', 'mtu', 'model', 'script', 'guest', 'target'].map((name): [Piece, undefined] => [
    link(`<${name}/>`),
    undefined,
  ]),
  [link("<target dev='vnet0'/>"), undefined],
  [
    { head: '<uuid>\n 8509A1D4 1569-4467 8b37 4e433a1ac7b1\n</uuid>' },
    '<uuid>8509a1d4-1569-4467-8b37-4e433a1ac7b1</uuid>',
  ],
  [
    { device: "<hostdev type='usb'><source><vendor id='0x1'/><product id='2'/></source></hostdev>" },
    "<source><vendor id='0x0001'/><product id='0x0002'/></source>",
  ],
];

test('forms that libvirt takes are taken, and are in its normal form what it dumps', () => {
  const without = (piece: Piece) => {
    const { domain } = parseDomain(document(piece));
    return domain && squeeze(formatDomain(domain, { libvirt: true }));
  };
  for (const [piece, normal] of read) {
    const text = document(piece);
    const { domain, findings } = parseDomain(text, { strict: true });
    assert.deepEqual(
      findings.filter(({ severity }) => severity === 'error'),
      [],
      text,
    );
    assert.ok(domain !== undefined, text);
    const form = squeeze(formatDomain(domain, { libvirt: true }));
    if (normal !== undefined) assert.ok(form.includes(normal), `${text}\n${form}`);
    else {
      const device = piece.device?.replace(/(<target dir='\/y'\/>|<source bridge='b'\/>).*(<\/)/, '$1$2');
      assert.equal(form, without({ ...(device !== undefined && { device }) }), text);
    }
    const again = parseDomain(formatDomain(domain), { strict: true });
    assert.deepEqual(again.domain, domain, text);
  }
});

/** Stricter than libvirt is meant: what could only fail, or mean two things, later. */
const refused: readonly [piece: Piece, code: string, path: string][] = [
  [{ memory: '<memory>0</memory>' }, 'out-of-range', '/domain/memory'],
  [{ os: "<os><type arch='linux64'>exe</type></os>" }, 'bad-value', '/domain/os/type/@arch'],
  [{ os: "<os><type arch='linux32'>exe</type></os>" }, 'bad-value', '/domain/os/type/@arch'],
  [{ os: "<os><type arch='amd64'>exe</type></os>" }, 'bad-value', '/domain/os/type/@arch'],
  [{ os: "<os><type arch='none'>exe</type></os>" }, 'bad-value', '/domain/os/type/@arch'],
  [{ head: "<vcpu current='0'>2</vcpu>" }, 'out-of-range', '/domain/vcpu/@current'],
  ...['0,^0', '1-0', '^1'].map((cpuset): (typeof refused)[number] => [
    { head: `<vcpu cpuset='${cpuset}'>2</vcpu>` },
    'bad-value',
    '/domain/vcpu/@cpuset',
  ]),
  [
    { head: "<numatune><memory mode='strict' nodeset='0,^0'/></numatune>" },
    'bad-value',
    '/domain/numatune/memory/@nodeset',
  ],
  [{ head: '<cputune><period>500</period></cputune>' }, 'out-of-range', '/domain/cputune/period'],
  [
    { memory: '<memory>2</memory>', head: '<memtune><swap_hard_limit>1</swap_hard_limit></memtune>' },
    'conflict',
    '/domain/memtune/swap_hard_limit',
  ],
  [
    { head: '<memtune><hard_limit>1</hard_limit><soft_limit>2</soft_limit></memtune>' },
    'soft-over-hard',
    '/domain/memtune/soft_limit',
  ],
];

test('what is refused has a place, and in a stored document is a warning where an older version let it in', () => {
  for (const [piece, code, path] of refused) {
    const text = document(piece);
    const { domain, findings } = parseDomain(text);
    assert.equal(domain, undefined, text);
    const [error] = findings;
    assert.deepEqual([error?.severity, error?.code, error?.path], ['error', code, path], text);
    assert.ok(error !== undefined && error.line > 0 && error.column > 0, text);
  }
  for (const [piece] of refused.slice(0, 5)) {
    const { domain, findings } = parseDomain(document(piece), { stored: true });
    assert.ok(domain !== undefined);
    assert.deepEqual(
      findings.map(({ severity, code }) => [severity, code]),
      [['warning', 'no-longer-accepted']],
    );
  }
  const [finding] = parseDomain(document({ os: "<os><type arch='linux32'>exe</type></os>" })).findings;
  assert.equal(finding?.suggestion, 'i686');
});

test("memory of 0 from libvirt's openvz driver says nothing", () => {
  const memory = "<memory unit='KiB'>0</memory><currentMemory unit='KiB'>0</currentMemory>";
  const { domain, findings } = parseDomain(document({ memory, type: 'openvz' }), { strict: true });
  assert.deepEqual(findings, []);
  assert.ok(domain !== undefined && !formatDomain(domain).includes('emory'));
});

test('what the normal form leaves out though libvirt keeps it is told, each with its place', () => {
  const text = document({
    memory: "<memory dumpCore='off'>65536</memory><memoryBacking><locked/></memoryBacking>",
    head: '<cpu/><pm/><perf/><sysinfo/><on_lockfailure>poweroff</on_lockfailure><features><pvspinlock/></features><mine/>',
    device:
      '<serial/><watchdog/><rng/><tpm/><yours/><interface type="bridge"><source bridge="b"/><boot order="1"/></interface>',
  });
  const { domain } = parseDomain(text);
  assert.ok(domain !== undefined);
  const told = placeFindings(text, leftOutOfLibvirtForm(domain));
  assert.deepEqual(
    told
      .toSorted((a, b) => ((a.found ?? '') < (b.found ?? '') ? -1 : 1))
      .map(({ found, line, column }) => [found, line, text.slice(column - 1).startsWith(`<${found}`)]),
    [
      'memoryBacking cpu pm perf sysinfo on_lockfailure',
      'dumpCore',
      'pvspinlock',
      'serial watchdog rng tpm',
      'boot',
    ]
      .join(' ')
      .split(' ')
      .sort()
      .map((name) => [name, 1, name !== 'dumpCore']),
    told.map(({ path }) => path).join('\n'),
  );
});
