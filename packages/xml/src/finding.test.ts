// What is reported for broken documents: code, line, column, path and the nearest spelling.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Finding, parseDevice, parseDomain } from './index.js';

const root = "<filesystem><source dir='/r'/><target dir='/'/></filesystem>";
const container = (inside: string, devices = ''): string =>
  `<domain type='lxc'>\n<name>a</name>\n${inside}\n<devices>\n${root}\n${devices}\n</devices>\n</domain>\n`;

const brief = ({ severity, code, line, column, path }: Finding): string =>
  `${severity} ${code} ${line}:${column} ${path}`;

function expectFindings(text: string, ...expected: readonly string[]): void {
  assert.deepEqual(parseDomain(text).findings.map(brief), expected);
}

test('a document without a root file system is refused', () => {
  const { domain, findings } = parseDomain("<domain type='lxc'>\n<name>a</name>\n  <devices/>\n</domain>");
  assert.equal(domain, undefined);
  assert.deepEqual(findings.map(brief), ['error no-root 3:3 /domain/devices']);
});

test('all errors come in one pass, in document order', () => {
  const devices = `<filesystem type='mout'><source dir='/s'/><target dir='/s'/></filesystem>
<filesystem><target dir='/t'/></filesystem>
<filesystem type='file'>
  <source file='/i'/>
</filesystem>
<filesystem><source/><target dir='/u'/></filesystem>
<interface type='bridge'><source bridge='b'/><mac adress='x'/></interface>`;
  const { domain, findings } = parseDomain(container("<memory unit='Kb'>lots</memory>", devices));
  assert.equal(domain, undefined);
  assert.deepEqual(findings.map(brief), [
    'error bad-value 3:1 /domain/memory',
    'error unknown-type 6:13 /domain/devices/filesystem[2]/@type',
    'error missing-source 7:1 /domain/devices/filesystem[3]',
    'error missing-target 8:1 /domain/devices/filesystem[4]',
    'error missing-source 11:13 /domain/devices/filesystem[5]/source',
    'error missing-attribute 12:46 /domain/devices/interface/mac',
    'warning unknown-attribute 12:51 /domain/devices/interface/mac/@adress',
  ]);
  assert.deepEqual(
    findings.map(({ suggestion }) => suggestion).filter((word) => word !== undefined),
    ['mount', 'address'],
  );
});

test('of tags that do not fit both are named, and where the one was opened', () => {
  const told = (text: string) =>
    parseDomain(text).findings.map(({ line, column, message }) => `${line}:${column} ${message}`);
  const open = '<interface>, opened at line 6, column 1,';
  assert.deepEqual(told(container('', "<interface type='bridge'>")), [
    `7:1 </devices> stands where ${open} has to be closed`,
  ]);
  assert.deepEqual(told(container('', '<interface><mac/>text\n  </interfac >')), [
    `7:3 </interfac> stands where ${open} has to be closed`,
  ]);
  assert.deepEqual(told('<domain>\n  </domains>'), [
    '2:3 </domains> stands where <domain>, opened at line 1, column 1, has to be closed',
  ]);
  assert.deepEqual(told("<domain>\n<name>a</name>\n<devices a='b'>\n"), [
    '4:1 <devices>, opened at line 3, column 1, is not closed',
  ]);
  assert.equal(told(`<domain><${'n'.repeat(5000)}></domain>`).length, 1);
});

test('an excerpt points at the place', () => {
  const { findings } = parseDevice(
    "<interface type='bridge'>\n\t<source bridge='b' prot='1'/>\n</interface>",
  );
  assert.equal(findings[0]?.excerpt, "\t<source bridge='b' prot='1'/>\n\t                   ^");
});

test('strict mode makes unknown parts errors', () => {
  const text = container('<memroy>1</memroy>');
  assert.deepEqual(parseDomain(text).findings.map(brief), ['warning unknown-element 3:1 /domain/memroy']);
  const { domain, findings } = parseDomain(text, { strict: true });
  assert.equal(domain, undefined);
  assert.deepEqual(findings.map(brief), ['error unknown-element 3:1 /domain/memroy']);
  assert.equal(findings[0]?.suggestion, 'memory');
});

test('semantic errors', () => {
  expectFindings(container('', root), 'error duplicate-root 6:39 /domain/devices/filesystem[2]/target/@dir');
  expectFindings(
    container(
      '',
      "<filesystem><source dir='/x'/><target dir='/x'/></filesystem><filesystem><source dir='/y'/><target dir='//x/'/></filesystem>",
    ),
    'error duplicate-target 6:100 /domain/devices/filesystem[3]/target/@dir',
  );
  expectFindings(
    container(
      '',
      "<interface><ip address='10.0.0.1' prefix='33'/><ip address='10.0.0.256'/><ip address='::1' family='ipv4'/></interface>",
    ),
    'error bad-prefix 6:35 /domain/devices/interface/ip[1]/@prefix',
    'error bad-address 6:52 /domain/devices/interface/ip[2]/@address',
    'error bad-address 6:78 /domain/devices/interface/ip[3]/@address',
  );
  expectFindings(
    container(
      "<idmap><uid start='0' target='1000' count='10'/><uid start='5' target='2000' count='1'/></idmap>",
    ),
    'error overlapping-idmap 3:54 /domain/idmap/uid[2]/@start',
  );
  expectFindings(
    container(
      '<memtune><hard_limit>10</hard_limit><soft_limit>11</soft_limit><min_guarantee>12</min_guarantee></memtune>',
    ),
    'error soft-over-hard 3:37 /domain/memtune/soft_limit',
    'error guarantee-over-maximum 3:64 /domain/memtune/min_guarantee',
  );
  expectFindings(container("<memory unit='EiB'>16</memory>"), 'error out-of-range 3:1 /domain/memory');
  expectFindings(
    container(
      "<metadata><c:beancounters xmlns:c='urn:ctvirt:beancounters:1'><c:parameter name='n' barrier='2' limit='1'/></c:beancounters></metadata>",
    ),
    'error barrier-over-limit 3:85 /domain/metadata/ctvirt:beancounters/ctvirt:parameter/@barrier',
  );
  expectFindings(container('<name>b</name>'), 'error duplicate-element 3:1 /domain/name[2]');
});

test('a DOCTYPE, bombs and over-long input are refused', () => {
  const bomb = `<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>\n<domain>&b;</domain>`;
  expectFindings(bomb, 'error doctype 1:1 /');
  assert.deepEqual(
    parseDomain('x'.repeat(100), { limits: { length: 99 } }).findings.map(({ code }) => code),
    ['too-large'],
  );
  assert.deepEqual(
    parseDomain('<a>'.repeat(100_000)).findings.map(({ code }) => code),
    ['too-deep'],
  );
  assert.deepEqual(
    parseDomain(`<domain>${'<a/>'.repeat(200_000)}</domain>`).findings.map(({ code }) => code),
    ['too-many'],
  );
  const attributes = Array.from({ length: 600 }, (_, i) => `a${i}=''`).join(' ');
  assert.deepEqual(
    parseDomain(`<domain ${attributes}/>`).findings.map(({ code }) => code),
    ['too-many'],
  );
});

test('names such as __proto__ are only names', () => {
  const text = container("<__proto__ polluted='1'/><constructor/>").replace(
    "type='lxc'",
    "type='lxc' __proto__='x' toString='y'",
  );
  const { domain } = parseDomain(text);
  assert.ok(domain);
  assert.equal(Object.getPrototypeOf(domain), Object.prototype);
  assert.equal((Object.prototype as { polluted?: string }).polluted, undefined);
  assert.equal(domain.extras?.length, 4);
});

test('a document of another kind is named', () => {
  const { findings } = parseDomain('<domian/>');
  assert.deepEqual(findings.map(brief), ['error wrong-root 1:1 /domian']);
  assert.equal(findings[0]?.suggestion, 'domain');
});

test('a foreign document is kept whole', () => {
  const text = `<domain type='kvm'>
  <name>q</name>
  <memory unit='lots'>1</memory>
  <os>
    <type>hvm</type>
  </os>
  <devices>
    <disk type='file'/>
    <interface type='vhostuser' model='x'/>
  </devices>
</domain>
`;
  assert.equal(parseDomain(text).domain, undefined);
  const { domain, findings } = parseDomain(text, { foreign: true });
  assert.ok(domain);
  assert.ok(findings.every(({ severity }) => severity === 'warning'));
  assert.deepEqual(
    domain.devices.extras?.map(({ xml }) => xml),
    ["<disk type='file'/>", "<interface type='vhostuser' model='x'/>"],
  );
});

test('no text makes the parser throw', () => {
  const token = fc.constantFrom(
    ...[
      "<domain type='lxc'>",
      '</domain>',
      '<devices>',
      '</devices>',
      root,
      '<name>',
      '</name>',
      '<',
      '>',
      '&',
      ';',
      '"',
      "'",
      '=',
    ],
    ...[
      '<filesystem>',
      '</filesystem>',
      '<source',
      'dir',
      '/>',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '<?x',
      '?>',
      '<!DOCTYPE',
      '\u0000',
    ],
    ...[
      "<quota level='first'>1</quota>",
      '<template>t</template>',
      '<nameserver>',
      '&#0;',
      '&#x10ffff;',
      '&amp;',
      'xmlns:',
      'a:b',
      '\ud800',
      '\r\n',
    ],
  );
  const garbage = fc.oneof(
    fc.string(),
    fc.array(token, { maxLength: 30 }).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(garbage, fc.boolean(), fc.boolean(), (text, strict, foreign) => {
      for (const { findings } of [
        parseDomain(text, { strict, foreign }),
        parseDevice(text, { strict, foreign }),
      ])
        for (const finding of findings) {
          assert.ok(finding.line >= 1 && finding.column >= 1);
          assert.ok(finding.path.startsWith('/'));
        }
    }),
    { numRuns: 2000 },
  );
});
