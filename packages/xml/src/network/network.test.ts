// <network>: what contradicts itself, libvirt's normal form, and that whatever network there may be survives writing and reading.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkNetwork, type Finding, formatDocument, type Network, parseDocument } from '../index.js';
import { fieldsOf, type Model, modelOf } from '../testing/arbitrary.js';
import { network } from './index.js';

const of = (inside: string): string => `<network><name>a</name>${inside}</network>`;
const nat = "<forward mode='nat'/><ip address='10.0.0.1' prefix='24'/>";
const ip = (attributes: string, inside = '') => `<ip ${attributes}>${inside}</ip>`;
const four = (dhcp: string) => of(ip("address='10.0.0.1' prefix='24'", `<dhcp>${dhcp}</dhcp>`));
const six = (dhcp: string) =>
  of(ip("family='ipv6' address='2001:db8::1' prefix='64'", `<dhcp>${dhcp}</dhcp>`));
const range = (start: string, end: string, inside = '') =>
  `<range start='${start}' end='${end}'>${inside}</range>`;
const mode = (name: string, inside: string, forward = '') =>
  of(`<forward mode='${name}'>${forward}</forward>${inside}`);

const told = (findings: readonly Finding[]): string[] =>
  findings.map(({ severity, code, path }) => `${severity === 'error' ? '' : 'warning '}${code} ${path}`);
const faultsOf = (text: string): string[] => told(parseDocument('network', text, { strict: true }).findings);

/** Documents with what is found of each, and where. */
const faults: Readonly<Record<string, readonly (readonly [text: string, ...found: string[]])[]>> = {
  'an address and its subnet': [
    [of(ip("address='10.0.0.1'"))],
    [of(ip("address='10.0.0.256'")), 'bad-address /network/ip/@address'],
    [of(ip("address='2001:db8::1'")), 'bad-address /network/ip/@address'],
    [of(ip("family='ipv6' address='10.0.0.1'")), 'bad-address /network/ip/@address'],
    [of(ip("family='ipv6' address='2001:db8::1' netmask='255.0.0.0'")), 'conflict /network/ip/@netmask'],
    [of(ip("address='10.0.0.1' netmask='255.0.0.0' prefix='8'")), 'conflict /network/ip/@prefix'],
    [of(ip("address='10.0.0.1' netmask='255.0.255.0'")), 'bad-prefix /network/ip/@netmask'],
    [of(ip("address='10.0.0.1' prefix='33'")), 'bad-prefix /network/ip/@prefix'],
    [of(ip("family='ipv6' address='2001:db8::1' prefix='129'")), 'out-of-range /network/ip/@prefix'],
    [of(ip("address='224.0.0.1'")), 'bad-prefix /network/ip'],
    [of(ip("address='10.0.0.1' prefix='20' localPtr='yes'")), 'conflict /network/ip/@localPtr'],
    [
      of(ip("family='ipv6' address='2001:db8::1' prefix='64'", "<tftp root='/'/>")),
      'conflict /network/ip/tftp',
    ],
  ],
  'subnets beside each other': [
    [of(ip("address='10.0.0.1' prefix='24'") + ip("address='10.0.1.1' prefix='24'"))],
    [
      of(ip("address='10.0.0.1' prefix='24'") + ip("address='10.0.7.1' prefix='16'")),
      'taken-twice /network/ip[2]/@address',
    ],
    [
      of(
        ip("family='ipv6' address='2001:db8::1' prefix='64'") +
          ip("family='ipv6' address='2001:db8::2:0:0:1' prefix='64'"),
      ),
      'taken-twice /network/ip[2]/@address',
    ],
    [
      of(
        ip("address='10.0.0.1' prefix='24'", `<dhcp>${range('10.0.0.2', '10.0.0.9')}</dhcp>`) +
          ip("address='10.0.1.1' prefix='24'", "<dhcp><host name='a' ip='10.0.1.9'/></dhcp>"),
      ),
      'conflict /network/ip[2]/dhcp',
    ],
    [
      of(
        ip("address='10.0.0.1' prefix='24'", `<dhcp>${range('10.0.0.2', '10.0.0.9')}</dhcp>`) +
          ip("address='10.0.1.1' prefix='24'", "<dhcp><bootp file='a'/></dhcp>") +
          ip("family='ipv6' address='2001:db8::1'", "<dhcp><host name='a' ip='2001:db8::9'/></dhcp>"),
      ),
    ],
  ],
  'ranges of DHCP': [
    [four(range('10.0.0.2', '10.0.0.254'))],
    [six(range('2001:db8::2', '2001:db8::ffff'))],
    [four(range('10.0.0.9', '10.0.1.9')), 'outside-subnet /network/ip/dhcp/range/@end'],
    [four(range('2001:db8::2', '10.0.0.9')), 'bad-address /network/ip/dhcp/range/@start'],
    [four(range('10.0.0.9', '10.0.0.2')), 'conflict /network/ip/dhcp/range/@end'],
    [four(range('10.0.0.0', '10.0.0.2')), 'conflict /network/ip/dhcp/range/@start'],
    [four(range('10.0.0.2', '10.0.0.255')), 'conflict /network/ip/dhcp/range/@end'],
    [six(range('2001:db8::', '2001:db8::1:0')), 'out-of-range /network/ip/dhcp/range/@end'],
    [
      of(ip("address='10.0.0.1' prefix='8'", `<dhcp>${range('10.0.0.2', '10.1.0.2')}</dhcp>`)),
      'out-of-range /network/ip/dhcp/range/@end',
    ],
    [
      four(range('10.0.0.2', '10.0.0.9') + range('10.0.0.10', '10.0.0.19') + range('10.0.0.19', '10.0.0.20')),
      'taken-twice /network/ip/dhcp/range[3]/@start',
    ],
    [
      four(range('10.0.0.2', '10.0.0.9', "<lease expiry='1'/>")),
      'out-of-range /network/ip/dhcp/range/lease/@expiry',
    ],
    [four(range('10.0.0.2', '10.0.0.9', "<lease expiry='0' unit='seconds'/>"))],
    [
      six(`${range('2001:db8::2', '2001:db8::9')}<bootp file='a'/>`),
      'warning not-enforced /network/ip/dhcp/bootp',
    ],
  ],
  'hosts of DHCP': [
    [four("<host mac='0:16:3E:77:E2:ED' ip='10.0.0.9'/><host name='a' ip='10.0.0.10'/>")],
    [four("<host ip='10.0.0.9'/>"), 'missing-attribute /network/ip/dhcp/host'],
    [six("<host ip='2001:db8::9'/>"), 'missing-attribute /network/ip/dhcp/host'],
    [six("<host mac='00:16:3e:77:e2:ed' ip='2001:db8::9'/>"), 'conflict /network/ip/dhcp/host/@mac'],
    [four("<host mac='01:16:3e:77:e2:ed' ip='10.0.0.9'/>"), 'bad-value /network/ip/dhcp/host/@mac'],
    [four("<host name='a'/>"), 'missing-attribute /network/ip/dhcp/host'],
    [four("<host name='-a' ip='10.0.0.9'/>"), 'bad-value /network/ip/dhcp/host/@name'],
    [four("<host name='a' ip='10.0.2.9'/>"), 'outside-subnet /network/ip/dhcp/host/@ip'],
    [
      four("<host name='a' ip='10.0.0.9'/><host name='b' ip='10.0.0.09'/>"),
      'taken-twice /network/ip/dhcp/host[2]/@ip',
    ],
    [
      four("<host name='a' ip='10.0.0.8'/><host name='A' ip='10.0.0.9'/>"),
      'taken-twice /network/ip/dhcp/host[2]/@name',
    ],
    [
      four("<host mac='0:1:2:3:4:a' ip='10.0.0.8'/><host mac='00:01:02:03:04:0A' ip='10.0.0.9'/>"),
      'taken-twice /network/ip/dhcp/host[2]/@mac',
    ],
  ],
  routes: [
    [of(`${ip("address='10.0.0.1' prefix='24'")}<route address='10.1.0.0' prefix='16' gateway='10.0.0.9'/>`)],
    [
      of("<route address='10.1.0.0' prefix='16' gateway='10.0.0.9'/>"),
      'outside-subnet /network/route/@gateway',
    ],
    [
      of("<route address='2001:db8::' prefix='64' gateway='2001:db8::1'/>"),
      'bad-address /network/route/@address',
    ],
  ],
  'modes of <forward>': [
    [of("<forward mode='none'/>")],
    [of('<forward/>'), 'missing-element /network'],
    [mode('route', ''), 'missing-element /network'],
    [mode('open', '')],
    [of("<forward mode='open' dev='eth0'/>"), 'conflict /network/forward/@dev'],
    [mode('bridge', "<bridge name='br0'/>")],
    [
      mode('bridge', "<bridge name='br0'/>", "<interface dev='eth0'/>"),
      'conflict /network/forward/interface',
    ],
    [mode('bridge', "<bridge name='br0' stp='on'/>"), 'conflict /network/bridge/@stp'],
    [mode('bridge', "<bridge name='br0' delay='0'/>")],
    [mode('private', "<bridge name='br0'/>"), 'conflict /network/bridge/@name'],
    [mode('vepa', "<mtu size='9000'/>"), 'conflict /network/mtu'],
    [mode('passthrough', "<mac address='52:54:00:00:00:01'/>"), 'conflict /network/mac'],
    [mode('bridge', "<domain name='a'/>"), 'conflict /network/domain'],
    [mode('bridge', "<dns><txt name='a' value='b'/></dns>"), 'conflict /network/dns/txt'],
    [mode('bridge', "<dns><forwarder addr='192.0.2.1'/></dns>")],
    [mode('bridge', ip("address='10.0.0.1'")), 'conflict /network/ip'],
    [mode('bridge', "<bandwidth><inbound average='1'/></bandwidth>"), 'conflict /network/bandwidth'],
    [mode('bridge', "<bridge name='br0'/><bandwidth><inbound average='1'/></bandwidth>")],
    [
      mode('bridge', "<portgroup name='a'><bandwidth><inbound average='1'/></bandwidth></portgroup>"),
      'conflict /network/portgroup/bandwidth',
    ],
    [mode('hostdev', '', "<interface dev='eth0'/>"), 'conflict /network/forward/interface'],
    [mode('hostdev', '', "<address type='pci' bus='0x3'/><pf dev='a'/>"), 'conflict /network/forward/pf'],
    [mode('private', '', "<address type='pci' bus='0x3'/>"), 'conflict /network/forward/address'],
    [
      mode('hostdev', '', "<address type='pci' bus='3'/><address type='pci' bus='0x03'/>"),
      'taken-twice /network/forward/address[2]',
    ],
    [
      mode('private', '', "<interface dev='a'/><interface dev='a'/>"),
      'taken-twice /network/forward/interface[2]/@dev',
    ],
    [of("<forward mode='private' dev='b'><interface dev='a'/></forward>"), 'conflict /network/forward/@dev'],
    [
      mode('nat', ip("address='10.0.0.1'"), "<interface dev='a'/><interface dev='b'/>"),
      'conflict /network/forward/interface[2]',
    ],
  ],
  'translation of addresses': [
    [mode('nat', ip("address='10.0.0.1'"), "<nat><address start='192.0.2.1' end='192.0.2.1'/></nat>")],
    [mode('open', '', "<nat ipv6='yes'/>"), 'conflict /network/forward/nat'],
    [
      mode('nat', '', "<nat><address start='2001:db8::1' end='192.0.2.1'/></nat>"),
      'bad-address /network/forward/nat/address/@start',
    ],
    [
      mode('nat', '', "<nat><address start='192.0.2.2' end='192.0.2.1'/></nat>"),
      'conflict /network/forward/nat/address/@end',
    ],
    [mode('nat', '', "<nat><port start='9' end='8'/></nat>"), 'conflict /network/forward/nat/port/@end'],
    [
      mode('nat', '', "<nat><port start='0' end='8'/></nat>"),
      'out-of-range /network/forward/nat/port/@start',
    ],
  ],
  'names and records': [
    [of("<dns enable='no'/>")],
    [of("<dns enable='no'><forwarder addr='192.0.2.1'/></dns>"), 'conflict /network/dns/forwarder'],
    [of('<dns><forwarder/></dns>'), 'missing-attribute /network/dns/forwarder'],
    [of("<dns><host ip='192.0.2.1'/></dns>"), 'missing-element /network/dns/host'],
    [of("<dns><host ip='name'><hostname>a</hostname></host></dns>"), 'bad-address /network/dns/host/@ip'],
    [of("<dns><txt name='a,b' value=''/></dns>"), 'bad-value /network/dns/txt/@name'],
    [of("<dns><srv service='a' protocol='tcp' port='1'/></dns>"), 'conflict /network/dns/srv/@port'],
    [of("<dns><srv service='a.b' protocol='tcp'/></dns>"), 'bad-value /network/dns/srv/@service'],
    [of("<domain name='a' register='yes'/>"), 'conflict /network/domain/@register'],
    ['<network><name>a/b</name></network>', 'bad-value /network/name'],
  ],
  'port groups, tags and limits': [
    [of(`${nat}<portgroup name='a'/><portgroup name='b' default='yes'/>`)],
    [
      of("<portgroup name='a' default='yes'/><portgroup name='b' default='yes'/>"),
      'conflict /network/portgroup[2]/@default',
    ],
    [of("<portgroup name='a'/><portgroup name='a'/>"), 'taken-twice /network/portgroup[2]/@name'],
    [of("<vlan><tag id='1'/></vlan>"), 'conflict /network/vlan'],
    [of("<portgroup name='a'><vlan><tag id='1'/></vlan></portgroup>"), 'conflict /network/portgroup/vlan'],
    [mode('bridge', "<bridge name='br0'/><vlan><tag id='1'/></vlan>")],
    [mode('bridge', "<vlan><tag id='1'/></vlan><virtualport type='802.1Qbh'/>"), 'conflict /network/vlan'],
    [
      mode(
        'bridge',
        "<virtualport type='openvswitch'/><portgroup name='a'><vlan><tag id='1'/></vlan><virtualport><parameters profileid='p'/></virtualport></portgroup>",
      ),
    ],
    [of('<virtualport><parameters profileid="a"/></virtualport>'), 'missing-attribute /network/virtualport'],
    [
      of("<virtualport type='802.1Qbg'><parameters managerid='0x100'/></virtualport>"),
      'out-of-range /network/virtualport/parameters/@managerid',
    ],
    [
      of("<bandwidth><inbound average='1' floor='1'/></bandwidth>"),
      'conflict /network/bandwidth/inbound/@floor',
    ],
    [
      of("<bandwidth><inbound average='1' burst='4194304'/></bandwidth>"),
      'out-of-range /network/bandwidth/inbound/@burst',
    ],
  ],
};

for (const [what, list] of Object.entries(faults))
  test(`${what}: a document and a model have the same findings`, () => {
    for (const [text, ...found] of list) {
      assert.deepEqual(faultsOf(text), found, text);
      const { model } = parseDocument('network', text);
      if (model !== undefined) assert.deepEqual(told(checkNetwork(model)), found, text);
    }
  });

test('a finding has line, column, path and a hint', () => {
  const text = "<network>\n  <name>a</name>\n  <forward mode='briddge'/>\n</network>";
  const [finding] = parseDocument('network', text, { file: 'a.xml' }).findings;
  assert.deepEqual(
    [finding?.file, finding?.line, finding?.column, finding?.path, finding?.suggestion],
    ['a.xml', 3, 12, '/network/forward/@mode', 'bridge'],
  );
});

test("libvirt's normal form: what it assumes is said, what it does not keep is not", () => {
  const normal = (text: string): string => {
    const { model } = parseDocument('network', text);
    assert.ok(model !== undefined, text);
    return formatDocument('network', model, { libvirt: true }).replace(/\n */g, '');
  };
  assert.equal(
    normal(
      "<network ipv6='no' connections='3'><name>a</name><forward mode='none'/><dns/><mtu size='0'/></network>",
    ),
    "<network><name>a</name><bridge stp='on' delay='0'/></network>",
  );
  assert.equal(
    normal(
      of(
        `<forward dev='eth0'><driver/><nat/></forward>${ip("address='10.0.0.1' prefix='0'", "<dhcp><bootp file='a'/></dhcp>")}`,
      ),
    ),
    "<network><name>a</name><forward dev='eth0' mode='nat'><interface dev='eth0'/></forward>" +
      "<bridge stp='on' delay='0'/><ip address='10.0.0.1'></ip></network>",
  );
  assert.equal(
    normal(
      mode(
        'hostdev',
        "<portgroup name='p' default='no'/>",
        "<address type='pci' bus='3' slot='010' multifunction='on'/>",
      ),
    ),
    "<network><name>a</name><forward mode='hostdev' managed='no'>" +
      "<address type='pci' domain='0x0000' bus='0x03' slot='0x08' function='0x0'/></forward>" +
      "<portgroup name='p'></portgroup></network>",
  );
  assert.equal(
    normal(
      mode(
        'bridge',
        "<virtualport type='openvswitch'><parameters managerid='0xb' profileid='p'/></virtualport>",
      ),
    ),
    "<network><name>a</name><forward mode='bridge'/><virtualport type='openvswitch'><parameters profileid='p'/></virtualport></network>",
  );
});

/** Subnets with what DHCP gives out of them, which no random addresses come to. */
const subnets: fc.Arbitrary<Model> = fc
  .record({
    isSix: fc.boolean(),
    number: fc.nat({ max: 200 }),
    first: fc.integer({ min: 2, max: 90 }),
    count: fc.integer({ min: 0, max: 9 }),
    hosts: fc.uniqueArray(fc.integer({ min: 100, max: 250 }), { maxLength: 3 }),
    expiry: fc.constantFrom(undefined, 0, 120, 4000),
  })
  .map(({ isSix, number, first, count, hosts, expiry }) => {
    const at = (host: number): string => (isSix ? `fd00:0:0:${number}::${host}` : `10.${number}.0.${host}`);
    const name = (host: number) =>
      isSix ? { id: `0:${host}` } : { mac: `52:54:00:00:00:${(host % 90) + 10}` };
    return {
      ...(isSix ? { family: 'ipv6', prefix: 64 } : { netmask: '255.255.255.0' }),
      address: at(1),
      dhcp: {
        ranges: [
          { start: at(first), end: at(first + count), ...(expiry !== undefined && { lease: { expiry } }) },
        ],
        ...(hosts.length > 0 && {
          hosts: hosts.map((host) => ({ ...name(host), name: `h${host}`, ip: at(host) })),
        }),
      },
    };
  });

/** Networks with subnets, and any other field that does not contradict them. */
const networks: fc.Arbitrary<Model> = fc
  .tuple(modelOf(network), fc.array(subnets, { maxLength: 3 }))
  .map(([model, ips]) => {
    const whole: Model = { ...model, ips: [...((model['ips'] ?? []) as readonly Model[]), ...ips] };
    const found = checkNetwork(whole as never);
    return found.some(({ severity }) => severity === 'error') ? undefined : whole;
  })
  .filter((model) => model !== undefined);

test('networks with subnets: parse after format gives the same model, and the normal form is one', () => {
  let withDhcp = 0;
  fc.assert(
    fc.property(networks, (model) => {
      const { ips, ...rest } = model;
      const given = (Array.isArray(ips) && ips.length > 0 ? model : rest) as never as Network;
      if (given.ips?.some(({ dhcp }) => dhcp !== undefined)) withDhcp++;
      const text = formatDocument('network', given);
      const read = parseDocument('network', text, { strict: true });
      assert.deepEqual(read.model, given, text);
      assert.equal(formatDocument('network', read.model ?? given), text);
      const normal = formatDocument('network', given, { libvirt: true });
      const again = parseDocument('network', normal, { strict: true }).model;
      assert.ok(again !== undefined, normal);
      assert.equal(formatDocument('network', again, { libvirt: true }), normal);
    }),
    { numRuns: 100, endOnFailure: true },
  );
  assert.ok(withDhcp > 20, `${withDhcp} of 100 with DHCP`);
});

test('fields of a network alone: the checks of a model say what those of its document say', () => {
  fc.assert(
    fc.property(fieldsOf(network.body.fields, {}), (model) => {
      const found = told(checkNetwork(model as never)).sort();
      const text = formatDocument('network', model as never);
      const read = told(parseDocument('network', text, { strict: true }).findings).sort();
      assert.deepEqual(found, read, text);
    }),
    { numRuns: 100, endOnFailure: true },
  );
});
