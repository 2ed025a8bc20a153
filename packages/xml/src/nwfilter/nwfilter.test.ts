// <filter>: what is refused, libvirt's normal form, and that rules and other filters stay in their order.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDocument, parseDocument } from '../index.js';

const of = (inside: string, attributes = ''): string => `<filter name='a'${attributes}>${inside}</filter>`;
const rule = (inside: string, attributes = ''): string =>
  of(`<rule action='drop' direction='in'${attributes}>${inside}</rule>`);

/** Documents with what is found in them; none is an error of strict reading alone, but where it says so. */
const faults: readonly (readonly [text: string, ...found: string[]])[] = [
  [of('')],
  [rule('')],
  [rule('<tcp/>')],
  [rule("<tcp srcipaddr='$IP' srcportstart='$P[@2]' dstportstart='$Q[ 3 ]'/>")],
  [of("<rule action='drop'/>"), 'missing-attribute /filter/rule'],
  [of("<rule action='explode' direction='in'/>"), 'bad-value /filter/rule/@action'],
  [rule('', " priority='1001'"), 'out-of-range /filter/rule/@priority'],
  [rule('', " statematch='true'"), 'bad-value /filter/rule/@statematch'],
  [rule('<tpc/>'), 'unknown-element /filter/rule/tpc'],
  [rule("<tcp dstprotstart='22'/>"), 'unknown-attribute /filter/rule/tcp/@dstprotstart'],
  [rule('<tcp/><tcp/>'), 'duplicate-element /filter/rule/tcp[2]'],
  [rule('<tcp/><udp/>'), 'duplicate-element /filter/rule/udp'],
  [rule("<tcp srcipaddr='10.0.0.256'/>"), 'bad-value /filter/rule/tcp/@srcipaddr'],
  [rule("<tcp srcipaddr='2001:db8::1'/>"), 'bad-value /filter/rule/tcp/@srcipaddr'],
  [rule("<tcp-ipv6 srcipmask='129'/>"), 'bad-value /filter/rule/tcp-ipv6/@srcipmask'],
  [rule("<ip srcipmask='255.0.255.0'/>"), 'bad-value /filter/rule/ip/@srcipmask'],
  [rule("<mac srcmacmask='ff:00:ff:00:00:00'/>"), 'bad-value /filter/rule/mac/@srcmacmask'],
  [rule("<mac protocolid='15'/>"), 'bad-value /filter/rule/mac/@protocolid'],
  [rule("<vlan vlanid='0x1000'/>"), 'bad-value /filter/rule/vlan/@vlanid'],
  [rule("<tcp dscp='64'/>"), 'bad-value /filter/rule/tcp/@dscp'],
  [rule("<tcp state='OLD'/>"), 'bad-value /filter/rule/tcp/@state'],
  [rule("<tcp flags='SYN'/>"), 'bad-value /filter/rule/tcp/@flags'],
  [rule("<tcp srcipaddr='$'/>"), 'bad-value /filter/rule/tcp/@srcipaddr'],
  [rule("<ip dstportstart='22'/>"), 'conflict /filter/rule/ip/@dstportstart'],
  [rule("<ip dstportstart='22' protocol='icmp'/>"), 'conflict /filter/rule/ip/@dstportstart'],
  [rule("<ip dstportstart='22' protocol='6'/>")],
  [of('<filterref/>'), 'missing-attribute /filter/filterref'],
  [of('', " chain='rooted'"), 'bad-value /filter/@chain'],
  [of('', " chain='ipv4-too-long-'"), 'bad-value /filter/@chain'],
  [
    of(
      "<filterref filter='b'/><rule action='drop' direction='in'/><filterref filter='c'/><rule action='x' direction='in'/>",
    ),
    'bad-value /filter/rule[2]/@action',
  ],
];

test('what a filter cannot mean is an error, also where reading is not strict', () => {
  for (const [text, ...found] of faults) {
    const { findings } = parseDocument('filter', text);
    assert.deepEqual(
      findings.map(({ severity, code, path }) => `${severity === 'error' ? '' : 'warning '}${code} ${path}`),
      found,
      text,
    );
  }
});

const normal = (text: string): string => {
  const { model, findings } = parseDocument('filter', text);
  assert.ok(model !== undefined, JSON.stringify(findings));
  return formatDocument('filter', model, { libvirt: true }).replace(/\n */g, '');
};

test("libvirt's normal form of values", () => {
  const cases: readonly (readonly [given: string, wanted: string])[] = [
    ["<tcp match='yes'/>", '<tcp/>'],
    ["<tcp match='no'/>", '<tcp/>'],
    [
      "<tcp match='no' srcipmask='255.255.0.0' srcipaddr='10.01.2.3'/>",
      "<tcp match='no' srcipaddr='10.1.2.3' srcipmask='16'/>",
    ],
    ["<tcp srcmacaddr='A:b:0:1:2:3' dscp='0X1'/>", ''],
    ["<tcp srcmacaddr='A:b:0:1:2:3' dscp='0x01'/>", "<tcp srcmacaddr='0a:0b:00:01:02:03' dscp='0x1'/>"],
    ["<ip protocol='0x11'/>", "<ip protocol='udp'/>"],
    ["<mac protocolid='ARP'/>", "<mac protocolid='arp'/>"],
    ["<arp opcode='2' gratuitous='yes'/>", "<arp opcode='Reply' gratuitous='true'/>"],
    ["<tcp state='related,new' flags='ack,syn/none'/>", "<tcp state='NEW,RELATED' flags='SYN,ACK/NONE'/>"],
    ["<tcp flags='FIN,SYN,RST,PSH,ACK,URG/ALL'/>", "<tcp flags='ALL/ALL'/>"],
    ["<udp-ipv6 srcipmask='ffff:ff00::'/>", "<udp-ipv6 srcipmask='24'/>"],
    ["<tcp srcportstart='$ A[ @0 ] '/>", "<tcp srcportstart='$A'/>"],
    ["<all ipset='a' ipsetflags='SRC,Dst'/>", "<all ipset='a' ipsetflags='src,dst'/>"],
  ];
  for (const [given, wanted] of cases) {
    if (wanted === '') assert.equal(parseDocument('filter', rule(given)).model, undefined, given);
    else
      assert.equal(
        normal(rule(given)),
        `<filter name='a' chain='root'><rule action='drop' direction='in' priority='500'>${wanted}</rule></filter>`,
      );
  }
  assert.equal(normal(of('', " chain='arp-x'")), "<filter name='a' chain='arp-x' priority='-500'/>");
  assert.equal(normal(of('', " priority='5'")), "<filter name='a' chain='root'/>");
  assert.equal(normal(of('', " chain='stp'")), "<filter name='a' chain='stp'/>");
});

test('rules and other filters stay in their order, also in the model', () => {
  const text = of(
    "<filterref filter='b'/><rule action='drop' direction='in'/><!-- kept --><filterref filter='c'/><rule action='accept' direction='out'><arp/></rule>",
  );
  const { model } = parseDocument('filter', text);
  assert.deepEqual(
    model?.entries?.map((entry) =>
      entry.kind === 'rule' ? (entry.match?.kind ?? entry.action) : entry.filter,
    ),
    ['b', 'drop', 'c', 'arp'],
  );
  assert.ok(model !== undefined);
  assert.equal(formatDocument('filter', model).replace(/\n */g, ''), text);
});
