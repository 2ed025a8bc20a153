// Filters as rules: the words that nft gets, and values of links.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Nwfilter, parseDocument } from '@ctvirt/xml';
import { EngineError } from '../../errors.js';
import { KnownFilters } from './known-filters.js';
import { elementsOfLink, type Program, programOf } from './program.js';

const known = new KnownFilters();
const without = { tracksConnections: false };
const find = (name: string) => known.byName(name);

/** A filter of these entries, and what becomes of it. */
function made(inside: string, abilities = without, attributes = ''): Program {
  const { model, findings } = parseDocument('filter', `<filter name='own'${attributes}>${inside}</filter>`);
  assert.ok(model !== undefined, JSON.stringify(findings));
  const filter: Nwfilter = model;
  return programOf('own', (name) => (name === 'own' ? filter : find(name)), abilities);
}

/** The rules of one stage with those it jumps to, and the names of chains and sets by their order. */
function rulesOf(program: Program, stage: keyof Program['entries']): string[] {
  const entry = program.entries[stage] ?? '';
  const sets = [...program.sets.keys()];
  const plain = (rule: string): string =>
    sets.reduce((text, set, at) => text.replace(set, `set${at}`), rule.replace(`${entry}_`, 'chain'));
  return [...program.chains]
    .filter(([name]) => name === entry || name.startsWith(`${entry}_`))
    .flatMap(([name, rules]) =>
      rules.map((rule) => `${name === entry ? '' : `chain${name.slice(entry.length + 1)}: `}${plain(rule)}`),
    );
}
const one = (match: string, direction = 'out', action = 'drop'): string =>
  `<rule action='${action}' direction='${direction}'>${match}</rule>`;

test('clean-traffic: chains in the order of their priorities among the rules of root', () => {
  assert.deepEqual(rulesOf(programOf('clean-traffic', find, without), 'frames_out'), [
    'chain0: iifname . ether saddr @set0 return',
    'chain0: drop',
    'chain1: ether type ip ip saddr 0.0.0.0 ip protocol 17 return',
    'chain1: ether type ip iifname . ip saddr @set1 return',
    'chain1: drop',
    'chain2: ether type arp iifname . arp saddr ether @set2 return',
    'chain2: drop',
    'chain3: ether type arp iifname . arp saddr ip @set3 return',
    'chain3: drop',
    'chain4: ether type 0x8035 ether daddr ff:ff:ff:ff:ff:ff @nh,48,16 0x0003 @nh,112,32 0x00000000 @nh,192,32 0x00000000 iifname . ether saddr . @nh,64,48 . @nh,144,48 @set4 accept',
    'chain4: drop',
    'jump chain0',
    'ether type ip jump chain1',
    'ether type 2048 accept',
    'ether type arp jump chain2',
    'ether type arp jump chain3',
    'ether type 2054 accept',
    'ether type 0x8035 jump chain4',
    'ether type 2101 accept',
    'drop',
  ]);
});

test('fields of packets, in their way and the other', () => {
  const cases: readonly (readonly [match: string, stage: keyof Program['entries'], rule: string])[] = [
    [
      "<mac srcmacaddr='52:54:0:1:2:3' srcmacmask='ff:ff:0:0:0:0'/>",
      'frames_out',
      'ether saddr & ff:ff:00:00:00:00 == 52:54:00:00:00:00 drop',
    ],
    ["<mac match='no' protocolid='0x88cc'/>", 'frames_out', 'ether type != 35020 drop'],
    [
      "<vlan vlanid='7' encap-protocol='arp'/>",
      'frames_out',
      'ether type vlan vlan id 7 vlan type 2054 drop',
    ],
    [
      "<arp opcode='Reply' arpsrcipaddr='10.0.0.0' arpsrcipmask='255.255.255.0'/>",
      'frames_out',
      'ether type arp arp operation 2 arp saddr ip 10.0.0.0/24 drop',
    ],
    [
      "<ip protocol='udp' dstportstart='67' dstportend='68' dscp='0x2e'/>",
      'frames_out',
      'ether type ip ip protocol 17 th dport 67-68 ip dscp 46 drop',
    ],
    [
      "<ipv6 protocol='icmpv6' type='133' typeend='137'/>",
      'frames_out',
      'ether type ip6 meta l4proto 58 icmpv6 type 133-137 drop',
    ],
    [
      "<stp root-priority='1' root-priority-hi='9' sender-address='1:2:3:4:5:6'/>",
      'frames_out',
      'ether daddr 01:80:c2:00:00:00 @ll,112,24 0x424203 @ll,176,16 0x0001-0x0009 @ll,288,48 0x010203040506 drop',
    ],
    [
      "<tcp srcipfrom='10.0.0.1' srcipto='10.0.0.9' dstportstart='25' flags='SYN,ACK/SYN'/>",
      'packets_out',
      'ether type ip meta l4proto 6 ip saddr 10.0.0.1-10.0.0.9 th dport 25 tcp flags & (syn|ack) == syn drop',
    ],
    [
      "<udp-ipv6 dstipaddr='2001:db8::' dstipmask='32'/>",
      'packets_out',
      'ether type ip6 meta l4proto 17 ip6 daddr 2001:db8:0:0:0:0:0:0/32 drop',
    ],
    ["<icmp type='8' code='0'/>", 'packets_out', 'ether type ip meta l4proto 1 icmp type 8 icmp code 0 drop'],
    ['<all/>', 'packets_out', 'ether type ip drop'],
  ];
  for (const [match, stage, rule] of cases) assert.deepEqual(rulesOf(made(one(match)), stage), [rule], match);
});

test('what is accepted is answered, and what is dropped is dropped one way', () => {
  const ssh = "<tcp srcipaddr='10.0.0.1' dstportstart='22'/>";
  const accepted = made(one(ssh, 'in', 'accept'));
  assert.deepEqual(rulesOf(accepted, 'packets_in'), [
    'ether type ip meta l4proto 6 ip saddr 10.0.0.1 th dport 22 accept',
  ]);
  assert.deepEqual(rulesOf(accepted, 'packets_out'), [
    'ether type ip meta l4proto 6 ip daddr 10.0.0.1 th sport 22 tcp flags & (syn|ack) != syn accept',
  ]);
  const tracked = made(one(ssh, 'in', 'accept'), { tracksConnections: true });
  assert.deepEqual(rulesOf(tracked, 'packets_out'), [
    'ether type ip meta l4proto 6 ip daddr 10.0.0.1 th sport 22 ct state established accept',
  ]);
  assert.deepEqual(rulesOf(made(one(ssh, 'in')), 'packets_out'), []);
  const both = made(one("<tcp dstportstart='25'/>", 'inout'));
  assert.deepEqual(rulesOf(both, 'packets_in'), ['ether type ip meta l4proto 6 th dport 25 drop']);
  assert.deepEqual(rulesOf(both, 'packets_out'), ['ether type ip meta l4proto 6 th sport 25 drop']);
});

test('what takes the kernel to track connections says so where it does not', () => {
  const asked = one("<tcp state='NEW' dstportstart='25'/>") + one("<tcp connlimit-above='2'/>", 'in');
  assert.deepEqual(
    made(asked).impossible.map((one) => one.split(':')[0]),
    ["state='NEW'", 'connlimit-above'],
  );
  const tracked = made(asked, { tracksConnections: true });
  assert.deepEqual(tracked.impossible, []);
  assert.deepEqual(rulesOf(tracked, 'packets_out'), [
    'ether type ip meta l4proto 6 th dport 25 ct state { new } drop',
  ]);
  assert.match(
    rulesOf(tracked, 'packets_in').join('\n'),
    /add @set0 \{ oifname \. ip saddr ct count over 2 \} drop$/,
  );
  assert.match(made(one("<all ipset='a' ipsetflags='src'/>")).impossible.join(), /ipset/);
  assert.match(made(one("<arp gratuitous='yes'/>")).impossible.join(), /gratuitous/);
});

const texts = (program: Program, values: Readonly<Record<string, readonly string[]>>): string[] =>
  elementsOfLink(program, values).map(({ text }) => text);

test('values of a link: lists together, apart, and one by its number', () => {
  const together = made(one("<ip srcipaddr='$A' protocol='tcp' srcportstart='$B'/>"));
  assert.deepEqual(texts(together, { A: ['10.0.0.1', '10.0.0.2'], B: ['80', '81'] }), [
    '10.0.0.1 . 80',
    '10.0.0.2 . 81',
  ]);
  assert.throws(() => texts(together, { A: ['10.0.0.1'], B: ['80', '81'] }), /as many each/);
  const apart = made(one("<ip srcipaddr='$A[@1]' protocol='tcp' srcportstart='$B[@2]'/>"));
  assert.deepEqual(texts(apart, { A: ['10.0.0.1', '10.0.0.2'], B: ['80'] }), ['10.0.0.1', '10.0.0.2', '80']);
  const second = made(one("<ip srcipaddr='$A[1]'/>"));
  assert.deepEqual(texts(second, { A: ['10.0.0.1', '10.0.0.2'] }), ['10.0.0.2']);
  assert.throws(() => texts(second, { A: ['10.0.0.1'] }), /give the parameter 2 times/);
  const network = made(one("<ip srcipaddr='$A' srcipmask='$M'/>"));
  const [element] = elementsOfLink(network, { A: ['10.0.0.7'], M: ['24'] });
  assert.deepEqual(
    [element?.text, element?.key.join(), element?.end?.join()],
    ['10.0.0.7/24', '10,0,0,0', '10,0,0,255'],
  );
  assert.throws(
    () => texts(network, { A: ['here'], M: ['24'] }),
    (error) => error instanceof EngineError && error.code === 'invalid',
  );
});

test('what an interface says goes before what filters say on the way', () => {
  const program = made(
    "<filterref filter='allow-dhcp-server'><parameter name='DHCPSERVER' value='10.0.0.1'/></filterref>",
  );
  assert.deepEqual([...program.needs], []);
  assert.deepEqual(texts(program, {}), ['10.0.0.1']);
  assert.deepEqual(texts(program, { DHCPSERVER: ['10.0.0.9'] }), ['10.0.0.9']);
  assert.throws(
    () => texts(programOf('allow-dhcp-server', find, without), {}),
    /needs a value for \$DHCPSERVER/,
  );
});

test('a filter that there is not, and one that names itself', () => {
  assert.throws(() => made("<filterref filter='none'/>"), /no network filter 'none', which 'own' names/);
  assert.throws(() => made("<filterref filter='own'/>"), /'own' names itself/);
});

test('filters that double what they name have an end', () => {
  const twice = (name: string, inner: string): string =>
    `<filter name='${name}'>${`<filterref filter='${inner}'/>`.repeat(2)}</filter>`;
  const all = new Map<string, Nwfilter>();
  for (let at = 1; at <= 30; at++) {
    const { model } = parseDocument('filter', twice(`f${at}`, at === 1 ? 'allow-arp' : `f${at - 1}`));
    assert.ok(model !== undefined);
    all.set(model.name, model);
  }
  const findIn = (name: string) => all.get(name) ?? find(name);
  assert.equal(programOf('f9', findIn, without).chains.size, 4);
  assert.throws(() => programOf('f30', findIn, without), /more than 4096 rules and filters/);
});

test('which filters forbid, and which let guidance through by its name', () => {
  const forbids = (name: string): boolean => programOf(name, find, without).forbids;
  assert.deepEqual(['clean-traffic', 'no-arp-spoofing', 'no-ip-multicast'].map(forbids), [true, true, true]);
  assert.deepEqual(['allow-arp', 'allow-dhcp', 'allow-dhcp-server'].map(forbids), [false, false, false]);
  const guidance = (match: string, direction = 'out'): string =>
    [...made(one(match, direction, 'accept')).guidance].join();
  assert.equal(guidance("<udp srcportstart='67' dstportstart='68'/>"), 'dhcp4');
  assert.equal(guidance("<ip protocol='udp' srcportstart='67'/>", 'inout'), 'dhcp4');
  assert.equal(guidance("<udp srcportstart='67' dstportstart='68'/>", 'in'), '');
  assert.equal(guidance("<ip protocol='udp' srcportstart='68' dstportstart='67'/>"), '');
  assert.equal(guidance("<udp-ipv6 dstportstart='546'/>"), 'dhcp6');
  assert.equal(guidance("<icmpv6 type='134'/>"), 'router6');
  assert.equal(guidance("<ipv6 protocol='icmpv6' type='130' typeend='137'/>"), 'router6,groups');
  assert.equal(guidance('<icmpv6/>'), '');
  assert.equal(guidance('<stp/>'), 'stp');
});
