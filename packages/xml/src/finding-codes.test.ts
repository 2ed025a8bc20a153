// Every code a finding may carry, each with documents that have that fault and the place where it is found.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Finding,
  type FindingCode,
  findingCodes,
  formatDomain,
  parseDocument,
  parseDomain,
  XmlError,
} from './index.js';

const root = "<filesystem><source dir='/r'/><target dir='/'/></filesystem>";
const mount = (dir: string) => `<filesystem><source dir='/m'/><target dir='${dir}'/></filesystem>`;
const link = (inside: string) => `<interface type='ethernet'>${inside}</interface>`;
const head = (inside: string) =>
  `<domain type='lxc'><name>a</name>${inside}<devices>${root}</devices></domain>`;
const plugged = (inside: string) =>
  `<domain type='lxc'><name>a</name><devices>${root}${inside}</devices></domain>`;
const beancounter = (attributes: string) =>
  head(
    `<metadata><c:beancounters xmlns:c='urn:ctvirt:beancounters:1'><c:parameter name='numproc' ${attributes}/></c:beancounters></metadata>`,
  );
const idmap = (inside: string) => head(`<idmap>${inside}</idmap>`);

const network = (inside: string) => `<network><name>a</name>${inside}</network>`;
const subnet = (inside: string) => network(`<ip address='10.0.0.1' prefix='24'><dhcp>${inside}</dhcp></ip>`);

/** The parser knows nothing of a host: whoever runs the domain says what is without effect there. */
type ParserCode = Exclude<
  FindingCode,
  | 'not-enforced'
  | 'shared-ids'
  | 'unsafe-source'
  | 'wall-down'
  | 'kept-files'
  | 'taken-address'
  | 'no-filter'
  | 'taken-port'
  | 'no-network'
  | 'over-limit'
  | 'unread-profile'
  | 'left-out'
  | 'no-longer-accepted'
  | 'refused'
  | 'no-source'
  | 'no-start'
>;

/** Documents by code, each with the XPath where the fault is found. */
const faults: Readonly<Record<ParserCode, readonly (readonly [text: string, path: string])[]>> = {
  syntax: [
    ['<domain', '/'],
    [head('<title>a</tilte>'), '/'],
  ],
  doctype: [['<!DOCTYPE domain><domain/>', '/']],
  'too-large': [[`<domain>${' '.repeat(9_000_000)}</domain>`, '/']],
  'too-deep': [['<a>'.repeat(1000), '/']],
  'too-many': [[`<domain>${'<a/>'.repeat(200_000)}</domain>`, '/']],
  'wrong-root': [['<domian/>', '/domian']],
  'undeclared-prefix': [
    [head('<x:y/>'), '/'],
    [head("<metadata xmlns:x=''/>"), '/'],
  ],
  'unknown-element': [[head('<memroy>1</memroy>'), '/domain/memroy']],
  'unknown-attribute': [
    [plugged(link("<mac adress='x' address='52:54:00:00:00:01'/>")), '/domain/devices/interface/mac/@adress'],
  ],
  'unexpected-text': [[plugged('stray'), '/domain/devices/text()']],
  'duplicate-element': [[head('<name>b</name>'), '/domain/name[2]']],
  'missing-element': [["<domain type='lxc'><devices/></domain>", '/domain']],
  'missing-attribute': [['<domain><name>a</name></domain>', '/domain']],
  'missing-source': [
    [plugged("<filesystem><target dir='/x'/></filesystem>"), '/domain/devices/filesystem[2]'],
    [plugged("<interface type='bridge'/>"), '/domain/devices/interface'],
    [plugged("<disk><target dev='vda'/></disk>"), '/domain/devices/disk'],
  ],
  'missing-target': [
    [plugged("<filesystem><source dir='/x'/></filesystem>"), '/domain/devices/filesystem[2]'],
  ],
  'unknown-type': [[plugged("<interface type='bridgge'/>"), '/domain/devices/interface/@type']],
  'bad-value': [
    [head('<on_crash>explode</on_crash>'), '/domain/on_crash'],
    [head("<memory unit='Kb2'>1</memory>"), '/domain/memory/@unit'],
    [head('<uuid>8509a1d4</uuid>'), '/domain/uuid'],
    [plugged("<disk><source file='/d'/><target dev='loop0'/></disk>"), '/domain/devices/disk/target/@dev'],
  ],
  'out-of-range': [
    // Units that overflow: of text and of an attribute.
    [head("<memory unit='EiB'>16</memory>"), '/domain/memory'],
    [head('<memory>18446744073709551616</memory>'), '/domain/memory'],
    [
      head("<memtune><hard_limit unit='PB'>9007199254740993</hard_limit></memtune>"),
      '/domain/memtune/hard_limit',
    ],
    [
      plugged("<filesystem type='ram'><source usage='16' units='EiB'/><target dir='/t'/></filesystem>"),
      '/domain/devices/filesystem[2]/source/@usage',
    ],
    [
      plugged(
        "<filesystem><source dir='/m'/><target dir='/m'/><space_hard_limit unit='E'>1</space_hard_limit></filesystem>",
      ),
      '/domain/devices/filesystem[2]/space_hard_limit',
    ],
    [head('<vcpu>0</vcpu>'), '/domain/vcpu'],
    [head("<vcpu current='3'>2</vcpu>"), '/domain/vcpu/@current'],
    [idmap("<uid start='0' target='4294967290' count='10'/>"), '/domain/idmap/uid/@count'],
  ],
  'no-root': [["<domain type='lxc'><name>a</name><devices/></domain>", '/domain/devices']],
  'duplicate-root': [
    [plugged(root), '/domain/devices/filesystem[2]/target/@dir'],
    [plugged(mount('//.')), '/domain/devices/filesystem[2]/target/@dir'],
  ],
  'duplicate-target': [
    [plugged(mount('/x') + mount('/y/../x/')), '/domain/devices/filesystem[3]/target/@dir'],
    [
      plugged(link("<target dev='v0'/>") + link("<target dev='v0'/>")),
      '/domain/devices/interface[2]/target/@dev',
    ],
    [
      plugged(link("<guest dev='eth0'/>") + link("<guest dev='eth0'/>")),
      '/domain/devices/interface[2]/guest/@dev',
    ],
    [
      plugged("<disk><source file='/a'/><target dev='vda'/></disk>".repeat(2)),
      '/domain/devices/disk[2]/target/@dev',
    ],
    [plugged("<controller type='scsi' index='0'/>".repeat(2)), '/domain/devices/controller[2]/@index'],
    [
      plugged(
        "<hostdev mode='capabilities' type='misc'><source><char>/dev/tun</char></source></hostdev>".repeat(2),
      ),
      '/domain/devices/hostdev[2]/source',
    ],
    [
      head('<blkiotune><device><path>/dev/a</path></device><device><path>/dev/a</path></device></blkiotune>'),
      '/domain/blkiotune/device[2]/path',
    ],
  ],
  'soft-over-hard': [
    [
      head('<memtune><hard_limit>1</hard_limit><soft_limit>2</soft_limit></memtune>'),
      '/domain/memtune/soft_limit',
    ],
    [
      plugged(
        "<filesystem><source dir='/m'/><target dir='/m'/><space_hard_limit>1</space_hard_limit><space_soft_limit>2</space_soft_limit></filesystem>",
      ),
      '/domain/devices/filesystem[2]/space_soft_limit',
    ],
    [
      plugged(
        "<filesystem><source dir='/m'/><target dir='/m'/><quota type='inodes' max='1' soft='2'/></filesystem>",
      ),
      '/domain/devices/filesystem[2]/quota/@soft',
    ],
    [
      plugged(
        "<filesystem><source dir='/m'/><target dir='/m'/><quota type='size' max='1' soft='2'/></filesystem>",
      ),
      '/domain/devices/filesystem[2]/quota/@soft',
    ],
  ],
  'barrier-over-limit': [
    [beancounter("barrier='2' limit='1'"), '/domain/metadata/ctvirt:beancounters/ctvirt:parameter/@barrier'],
    [
      beancounter("barrier='unlimited' limit='1'"),
      '/domain/metadata/ctvirt:beancounters/ctvirt:parameter/@barrier',
    ],
  ],
  'guarantee-over-maximum': [
    [
      head('<memtune><hard_limit>1</hard_limit><min_guarantee>2</min_guarantee></memtune>'),
      '/domain/memtune/min_guarantee',
    ],
    [
      head('<memory>1</memory><memtune><min_guarantee>2</min_guarantee></memtune>'),
      '/domain/memtune/min_guarantee',
    ],
  ],
  'bad-address': [
    [
      plugged(link("<portForward proto='tcp' address='99999999999999999999'/>")),
      '/domain/devices/interface/portForward/@address',
    ],
    [plugged(link("<ip address='10.0.0.256'/>")), '/domain/devices/interface/ip/@address'],
    [plugged(link("<ip address='fe80:::1'/>")), '/domain/devices/interface/ip/@address'],
    [plugged(link("<ip address='::1' family='ipv4'/>")), '/domain/devices/interface/ip/@address'],
    [
      plugged(link("<route address='10.0.0.1' prefix='8' gateway='10.0.0.2'/>")),
      '/domain/devices/interface/route/@address',
    ],
    [
      plugged(link("<route address='10.0.0.0' prefix='8' gateway='10.0.0'/>")),
      '/domain/devices/interface/route/@gateway',
    ],
    [head("<dns><nameserver address='1.2.3'/></dns>"), '/domain/dns/nameserver/@address'],
  ],
  'bad-prefix': [
    [plugged(link("<ip address='10.0.0.1' prefix='33'/>")), '/domain/devices/interface/ip/@prefix'],
    [
      plugged(link("<route address='10.0.0.0' netmask='255.0.255.0' gateway='10.0.0.2'/>")),
      '/domain/devices/interface/route/@netmask',
    ],
  ],
  'overlapping-idmap': [
    [
      idmap("<uid start='0' target='10' count='10'/><uid start='9' target='99' count='1'/>"),
      '/domain/idmap/uid[2]/@start',
    ],
    [
      idmap("<gid start='0' target='10' count='10'/><gid start='50' target='19' count='1'/>"),
      '/domain/idmap/gid[2]/@target',
    ],
  ],
  'outside-subnet': [
    [subnet("<range start='10.0.0.9' end='10.0.1.9'/>"), '/network/ip/dhcp/range/@end'],
    [subnet("<host name='a' ip='10.0.1.9'/>"), '/network/ip/dhcp/host/@ip'],
    [
      network(
        "<ip address='10.0.0.1' prefix='24'/><route address='10.1.0.0' prefix='16' gateway='10.2.0.1'/>",
      ),
      '/network/route/@gateway',
    ],
  ],
  'taken-twice': [
    [subnet("<host name='a' ip='10.0.0.9'/><host name='b' ip='10.0.0.9'/>"), '/network/ip/dhcp/host[2]/@ip'],
    [network("<portgroup name='a'/><portgroup name='a'/>"), '/network/portgroup[2]/@name'],
  ],
  conflict: [
    [
      head('<memtune><hard_limit>2</hard_limit><swap_hard_limit>1</swap_hard_limit></memtune>'),
      '/domain/memtune/swap_hard_limit',
    ],
    [
      plugged(
        "<filesystem><source dir='/m'/><target dir='/m'/><quota type='inodes' max='1' uid='1' gid='1'/></filesystem>",
      ),
      '/domain/devices/filesystem[2]/quota/@gid',
    ],
    [
      plugged("<disk rawio='yes'><source file='/a'/><target dev='vda'/></disk>"),
      '/domain/devices/disk/@rawio',
    ],
  ],
};

const read = (text: string): { readonly model?: unknown; readonly findings: readonly Finding[] } => {
  if (text.startsWith('<network>')) return parseDocument('network', text, { strict: true });
  const { domain: model, findings } = parseDomain(text, { strict: true });
  return { model, findings };
};
const errorsOf = (text: string): readonly Finding[] =>
  read(text).findings.filter(({ severity }) => severity === 'error');

for (const code of Object.keys(faults) as ParserCode[])
  test(`${code}: ${findingCodes[code]}`, () => {
    for (const [text, path] of faults[code]) {
      const { model, findings } = read(text);
      assert.equal(model, undefined);
      const found = findings.find((finding) => finding.code === code);
      assert.ok(found !== undefined, JSON.stringify(findings));
      assert.equal(found.path, path);
      assert.ok(found.line >= 1 && found.column >= 1);
    }
  });

test('the column, and the caret in the excerpt, stand at the fault', () => {
  const places: readonly (readonly [text: string, at: string])[] = [
    [head('<on_crash>explode</on_crash>'), '<on_crash'],
    [head("<memory unit='KiBi'>1</memory>"), "unit='"],
    [plugged(link("<mac adress='x'/>")), "adress='"],
    [plugged(mount('/x') + mount('/x')), "dir='/x'/></filesystem></devices"],
    [plugged(link("<ip address='10.0.0.1' prefix='33'/>")), "prefix='"],
  ];
  for (const [text, at] of places) {
    const [finding] = errorsOf(text).filter(({ column }) => column === text.indexOf(at) + 1);
    assert.ok(finding !== undefined, JSON.stringify(errorsOf(text)));
    const [line = '', caret = ''] = (finding.excerpt ?? '').split('\n');
    assert.ok(line.slice(caret.indexOf('^')).startsWith(at.slice(0, 5)), finding.excerpt);
  }
});

test('the nearest valid spelling of elements, attributes, types, words and units', () => {
  const spellings: readonly (readonly [text: string, suggestion: string])[] = [
    [head('<currentMemroy>1</currentMemroy>'), 'currentMemory'],
    [plugged('<filesytem/>'), 'filesystem'],
    [plugged(link("<mac addres='x'/>")), 'address'],
    [plugged("<filesystem type='mounted'><source dir='/x'/><target dir='/x'/></filesystem>"), 'mount'],
    [head('<on_crash>destory</on_crash>'), 'destroy'],
    [head("<memory unit='kibi'>1</memory>"), 'KiB'],
    [head("<features><capabilities><mknode state='on'/></capabilities></features>"), 'mknod'],
    ["<domain type='lcx'><name>a</name></domain>", 'lxc'],
    ['<domian/>', 'domain'],
  ];
  for (const [text, suggestion] of spellings) {
    const found = parseDomain(text, { strict: true }).findings.map((finding) => finding.suggestion);
    assert.ok(found.includes(suggestion), `${suggestion}: ${JSON.stringify(found)}`);
  }
});

test('a finding says what stands there and what was expected', () => {
  for (const text of [
    head('<on_crash>explode</on_crash>'),
    head("<memory unit='EiB'>16</memory>"),
    head('<memtune><hard_limit>1</hard_limit><soft_limit>2</soft_limit></memtune>'),
    plugged(link("<ip address='10.0.0.1' prefix='33'/>")),
    plugged("<interface type='bridgge'/>"),
  ])
    for (const finding of errorsOf(text)) {
      assert.ok(finding.found !== undefined && finding.found !== '', finding.message);
      assert.ok(finding.expected !== undefined && finding.expected !== '', finding.message);
    }
});

test('a value that XML cannot hold is refused on the way out', () => {
  const { domain } = parseDomain(head(''));
  assert.ok(domain !== undefined);
  assert.throws(
    () => formatDomain({ ...domain, title: 'a\u0000b' }),
    (error) => error instanceof XmlError && error.code in findingCodes,
  );
});
