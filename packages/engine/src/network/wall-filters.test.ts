// Filters in the wall: every one that is shipped, and any that can be written, is taken by the kernel whole, with its links.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDocument } from '@ctvirt/xml';
import fc from 'fast-check';
import { isFault } from '../errors.js';
import { KnownFilters } from '../filters/rules/known-filters.js';
import { type Program, programOf } from '../filters/rules/program.js';
import { run } from '../host/run.js';
import { linkPlan } from '../testing/link-plan.js';
import type { LinkPlan } from './link-plan.js';
import { type LinkRules, wallElements } from './wall-elements.js';
import { ruleset } from './wall-rules.js';

const needsRoot = process.getuid?.() === 0 ? false : 'namespaces of its own are for root';
const known = new KnownFilters();
const find = (name: string) => known.byName(name);
const without = { tracksConnections: false };
const parameters = [
  { name: 'DHCPSERVER', value: '192.0.2.1' },
  { name: 'GATEWAY_MAC', value: '52:54:00:00:00:01' },
];
const v4 = { address: '192.0.2.5', prefix: 24, family: 4 } as const;

const port = (number: number, name: string | undefined, more: Partial<LinkPlan> = {}): LinkPlan =>
  linkPlan({
    kind: 'bridge',
    parent: 'br0',
    hostName: `cv1.${number}`,
    addresses: [v4],
    filter: name === undefined ? undefined : { name, parameters },
    ...more,
  });

function textOf(
  links: readonly LinkPlan[],
  programs: ReadonlyMap<string, Program>,
  standing?: string,
): string {
  const rules: LinkRules = { isOpen: false, programOf: ({ filter }) => programs.get(filter?.name ?? '') };
  return ruleset('ctvirt-test', wallElements(links, rules), {
    programs: [...programs.values()],
    ...(standing !== undefined && { standing }),
  });
}
const compiled = (names: readonly string[], from = find): Map<string, Program> =>
  new Map(names.map((name) => [name, programOf(name, from, without)]));
const nft = async (input: string, ...more: readonly string[]): Promise<string> =>
  (
    await run(
      ['/usr/bin/unshare', '--net', '--', '/bin/sh', '-e', '-c', ['nft --file -', ...more].join('\n')],
      { input },
    )
  ).stdout;

test('every filter that is shipped is taken by the kernel', { skip: needsRoot }, async () => {
  const names = known.list().map(({ name }) => name);
  const dhcp6 = { DHCPSERVER: '2001:db8::1' };
  const links = names.map((name, number) =>
    port(
      number,
      name,
      name === 'allow-dhcpv6-server'
        ? { filter: { name, parameters: [{ name: 'DHCPSERVER', value: dhcp6.DHCPSERVER }] } }
        : {},
    ),
  );
  await nft(textOf(links, compiled(names)));
});

test('two hundred links with a filter have the chains of one', { skip: needsRoot }, async () => {
  const chains = async (count: number): Promise<number> => {
    const links = Array.from({ length: count }, (_, number) => port(number, 'clean-traffic'));
    const listed = await nft(textOf(links, compiled(['clean-traffic'])), 'nft list table bridge ctvirt-test');
    assert.match(listed, new RegExp(`"cv1.${count - 1}" : goto`));
    return [...listed.matchAll(/^\tchain /gm)].length;
  };
  assert.equal(await chains(200), await chains(1));
});

test('filters come and go while what has been learnt stays', { skip: needsRoot }, async () => {
  const links = [port(0, 'clean-traffic', { isIsolated: true }), port(1, 'no-arp-spoofing')];
  const first = textOf(links, compiled(['clean-traffic', 'no-arp-spoofing']));
  const list = 'nft --terse list table bridge ctvirt-test';
  const learnt =
    'nft add element bridge ctvirt-test names6 "{ 0x20010db8000000000000000000000005 }"; nft list table bridge ctvirt-test';
  const standing = await nft(first, list);
  const next = [
    textOf([port(0, 'no-mac-spoofing')], compiled(['no-mac-spoofing']), standing),
    textOf([port(0, undefined)], new Map(), standing),
  ];
  for (const text of next) {
    const again = `nft --file - <<'END'\n${text}\nEND\n`;
    const told = await nft(first, learnt, again, 'echo after', 'nft list table bridge ctvirt-test');
    const [, after = ''] = told.split('after\n');
    assert.match(after, /0x20010db8000000000000000000000005 expires/);
    assert.doesNotMatch(after, /oifname @isolated/);
    assert.equal(/vmap @frames_out/.test(after), text.includes('vmap'));
  }
});

test('without filters and isolated ports the kernel has no more rules than before', () => {
  assert.doesNotMatch(textOf([port(0, undefined)], new Map()), /vmap|isolated|filtered/);
  assert.match(textOf([port(0, undefined, { isIsolated: true })], new Map()), /oifname @isolated drop/);
});

test('isolated ports and their addresses are taken by the kernel', { skip: needsRoot }, async () => {
  const links = [0, 1].map((number) =>
    port(number, undefined, { isIsolated: true, mac: `52:54:00:00:00:0${number}` }),
  );
  const told = await nft(textOf(links, new Map()), 'nft list table inet ctvirt-test');
  assert.match(told, /"br0" \. 52:54:00:00:00:01/);
  assert.match(told, /"br0" \. 192\.0\.2\.5/);
});

test('a filter that only lets through leaves the wall; one that forbids stands in its place', () => {
  const programs = compiled(['allow-dhcp', 'no-arp-spoofing']);
  const rules: LinkRules = { isOpen: false, programOf: ({ filter }) => programs.get(filter?.name ?? '') };
  const sets = (link: LinkPlan, more: Partial<LinkRules> = {}) =>
    new Set(
      wallElements([link], { ...rules, ...more }).flatMap(({ family, set }) =>
        family === 'bridge' ? [set] : [],
      ),
    );
  assert.ok(sets(port(0, 'allow-dhcp')).has('macs'));
  assert.ok(!sets(port(0, 'allow-dhcp')).has('filtered'));
  assert.ok(!sets(port(0, 'no-arp-spoofing')).has('macs'));
  assert.ok(sets(port(0, 'no-arp-spoofing')).has('filtered'));
  assert.ok(!sets(port(0, undefined), { isOpen: true }).has('links'));
  assert.ok(sets(port(0, 'no-arp-spoofing'), { isOpen: true }).has('filtered'));
  assert.ok(!sets(port(0, 'no-arp-spoofing', { isTrusted: true })).has('filtered'));
  assert.ok(sets(port(0, 'no-arp-spoofing', { isTrusted: true })).has('frames_out'));
});

const address4 = fc.constantFrom('10.0.0.1', '192.0.2.0', '$IP', '$A', '$A[@1]', '$A[1]');
const address6 = fc.constantFrom('2001:db8::1', 'fe80::', '$IPV6', '$B', '$B[@1]');
const mac = fc.constantFrom('52:54:00:12:34:56', '$MAC', '1:0:5e:0:0:1');
const number = (most: number) => fc.integer({ min: 0, max: most }).map(String);
const portNumber = fc.oneof(number(65_535), fc.constantFrom('$P', '$P[@1]'));
const attributes = (fields: Readonly<Record<string, fc.Arbitrary<string>>>) =>
  fc.record(fields, { requiredKeys: [] }).map((record) =>
    Object.entries(record)
      .map(([name, value]) => ` ${name}='${value}'`)
      .join(''),
  );
const ethernet = { srcmacaddr: mac, dstmacaddr: mac };
const packet = (address: fc.Arbitrary<string>, most: number) => ({
  srcmacaddr: mac,
  srcipaddr: address,
  srcipmask: number(most),
  dstipaddr: address,
  dscp: number(63),
});
const ports = { srcportstart: portNumber, dstportstart: portNumber, dstportend: fc.constant('65535') };
const arp = {
  ...ethernet,
  hwtype: number(9),
  opcode: number(9),
  arpsrcmacaddr: mac,
  arpsrcipaddr: address4,
  arpsrcipmask: number(32),
  arpdstipaddr: address4,
};
const matches: Readonly<Record<string, Readonly<Record<string, fc.Arbitrary<string>>>>> = {
  mac: {
    ...ethernet,
    srcmacmask: fc.constant('ff:ff:0:0:0:0'),
    protocolid: fc.constantFrom('arp', 'ipv4', '0x88cc'),
  },
  vlan: { ...ethernet, vlanid: number(4095), 'encap-protocol': fc.constant('ipv6') },
  stp: {
    srcmacaddr: mac,
    type: number(255),
    'root-priority': number(65_535),
    'root-cost': number(100),
    'root-cost-hi': fc.constant('200'),
    'sender-address': mac,
  },
  arp,
  rarp: arp,
  ip: {
    ...ethernet,
    srcipaddr: address4,
    srcipmask: number(32),
    dstipaddr: address4,
    protocol: fc.constantFrom('tcp', 'udp', 'sctp', '33'),
  },
  ipv6: {
    ...ethernet,
    srcipaddr: address6,
    dstipmask: number(128),
    dstipaddr: address6,
    protocol: fc.constant('icmpv6'),
    type: number(9),
    typeend: fc.constant('137'),
  },
  tcp: {
    ...packet(address4, 32),
    ...ports,
    flags: fc.constantFrom('SYN/SYN', 'ALL/NONE', 'SYN,ACK/ALL'),
    option: number(30),
  },
  udp: { ...packet(address4, 32), ...ports },
  sctp: { ...packet(address4, 32), ...ports },
  icmp: { ...packet(address4, 32), type: number(255), code: number(255) },
  igmp: packet(address4, 32),
  all: packet(address4, 32),
  esp: packet(address4, 32),
  ah: packet(address4, 32),
  udplite: packet(address4, 32),
  'tcp-ipv6': { ...packet(address6, 128), ...ports },
  'udp-ipv6': { ...packet(address6, 128), ...ports },
  'sctp-ipv6': { ...packet(address6, 128), ...ports },
  icmpv6: { ...packet(address6, 128), type: number(255) },
  'all-ipv6': packet(address6, 128),
  'esp-ipv6': packet(address6, 128),
  'ah-ipv6': packet(address6, 128),
  'udplite-ipv6': packet(address6, 128),
};
const rule = fc
  .record({
    action: fc.constantFrom('drop', 'accept', 'reject', 'return', 'continue'),
    direction: fc.constantFrom('in', 'out', 'inout'),
    not: fc.boolean(),
    match: fc
      .constantFrom(...Object.entries(matches))
      .chain(([kind, fields]) => attributes(fields).map((text) => [kind, text] as const)),
  })
  .map(
    ({ action, direction, not, match: [kind, text] }) =>
      `<rule action='${action}' direction='${direction}'><${kind}${not ? " match='no'" : ''}${text}/></rule>`,
  );
const filters = fc
  .record({
    chain: fc.constantFrom('root', 'mac', 'arp-x', 'ipv4', 'ipv6-a', 'vlan', 'stp', 'rarp'),
    rules: fc.array(rule, { maxLength: 12 }),
  })
  .map(({ chain, rules }) => `<filter name='own' chain='${chain}'>${rules.join('')}</filter>`);

test('whatever filter is written is taken by the kernel, or refused with a reason', {
  skip: needsRoot,
}, async () => {
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(filters, async (text) => {
      const { model } = parseDocument('filter', text);
      if (model === undefined) return;
      const programs = compiled(['own'], () => ({ ...model, uuid: '' }));
      const own = [
        ...['10.1.1.1', '10.2.2.2'].map((value) => ({ name: 'A', value })),
        ...['2001:db8::a', '2001:db8::b'].map((value) => ({ name: 'B', value })),
        ...['80', '81'].map((value) => ({ name: 'P', value })),
      ];
      const links = [0, 1].map((at) => port(at, 'own', { filter: { name: 'own', parameters: own } }));
      if ([...programs.values()].some(({ impossible }) => impossible.length > 0)) return;
      let input: string;
      try {
        input = textOf(links, programs);
      } catch (error) {
        if (isFault(error, 'invalid')) return;
        throw error;
      }
      await nft(input);
      taken += 1;
    }),
    { numRuns: 60 },
  );
  assert.ok(taken > 10, `${taken} were taken`);
});
