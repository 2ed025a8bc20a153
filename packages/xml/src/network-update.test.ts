// Changes of one entry of a network, list by list: what it becomes, and what is refused.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  formatDocument,
  type Network,
  type NetworkCommand,
  type NetworkSection,
  networkSections,
  parseDocument,
  updateNetwork,
} from './index.js';

const text = `<network>
  <name>a</name>
  <forward dev='eth0' mode='private'>
    <interface dev='eth0'/>
    <interface dev='eth1'/>
  </forward>
  <portgroup name='p' default='yes'>
  </portgroup>
</network>
`;
const routed = `<network>
  <name>b</name>
  <dns>
    <txt name='t' value='one'/>
    <srv service='ldap' protocol='tcp' target='a'/>
    <srv service='ldap' protocol='udp' target='a'/>
    <host ip='10.0.0.7'>
      <hostname>seven</hostname>
    </host>
  </dns>
  <ip address='10.9.0.1' prefix='24'>
  </ip>
  <ip address='10.0.0.1' prefix='24'>
    <dhcp>
      <range start='10.0.0.10' end='10.0.0.19'/>
      <host mac='52:54:00:00:00:01' name='one' ip='10.0.0.21'/>
      <host mac='52:54:00:00:00:02' name='two' ip='10.0.0.22'/>
    </dhcp>
  </ip>
</network>
`;

const read = (document: string): Network => {
  const { model, findings } = parseDocument('network', document, { strict: true });
  assert.ok(model !== undefined, JSON.stringify(findings));
  return model;
};
const links = read(text);
const addresses = read(routed);

/** What stands there afterwards, or the refusal. */
const cases: readonly (readonly [
  section: NetworkSection,
  command: NetworkCommand,
  entry: string,
  result: RegExp,
  parent?: number,
])[] = [
  [
    'ip-dhcp-host',
    'add-first',
    "<host name='new' ip='10.0.0.23'/>",
    /<dhcp>\s*<range [^>]*>\s*<host name='new'/,
  ],
  ['ip-dhcp-host', 'add-last', "<host name='new' ip='10.0.0.23'/>", /'two'[^>]*>\s*<host name='new'/],
  ['ip-dhcp-host', 'add-last', "<host name='one' ip='10.0.0.23'/>", /^the network has such a host already$/],
  ['ip-dhcp-host', 'add-last', "<host name='new' ip='10.9.0.23'/>", /^'10.9.0.23' is not within the network/],
  [
    'ip-dhcp-host',
    'add-last',
    "<host name='new' ip='10.9.0.23'/>",
    /^another <ip> of ipv4 has <dhcp>, too$/,
    0,
  ],
  [
    'ip-dhcp-host',
    'add-last',
    "<host name='new' ip='10.0.0.23'/>",
    /^the network has no place for a host$/,
    5,
  ],
  ['ip-dhcp-host', 'add-last', "<host mac='52:54:00:00:00:03'/>", /^<host> needs the attribute 'ip'$/],
  [
    'ip-dhcp-host',
    'modify',
    "<host mac='52:54:0:0:0:2' ip='10.0.0.30'/>",
    /0:01'[^>]*>\s*<host mac='52:54:00:00:00:02' ip='10.0.0.30'\/>/,
  ],
  ['ip-dhcp-host', 'modify', "<host name='new' ip='10.0.0.30'/>", /^the network has no such host$/],
  ['ip-dhcp-host', 'delete', "<host ip='10.0.0.21'/>", /<range [^>]*>\s*<host mac='52:54:00:00:00:02'/],
  ['ip-dhcp-host', 'delete', '<host/>', /^the network has no such host$/],
  ['ip-dhcp-host', 'delete', "<host name='one' ip='10.0.0.22'/>", /^the network has no such host$/],
  [
    'ip-dhcp-range',
    'add-last',
    "<range start='10.0.0.40' end='10.0.0.49'/>",
    /0.19'\/>\s*<range start='10.0.0.40'/,
  ],
  [
    'ip-dhcp-range',
    'add-last',
    "<range start='10.0.0.15' end='10.0.0.49'/>",
    /^the range has addresses of that/,
  ],
  [
    'ip-dhcp-range',
    'modify',
    "<range start='10.0.0.10' end='10.0.0.29'/>",
    /^nothing of a range can be modified/,
  ],
  ['ip-dhcp-range', 'delete', "<range start='10.0.0.10' end='10.0.0.19'/>", /<dhcp>\s*<host mac/],
  [
    'forward-interface',
    'add-first',
    "<interface dev='eth9'/>",
    /dev='eth9' mode='private'>\s*<interface dev='eth9'/,
  ],
  [
    'forward-interface',
    'delete',
    "<interface dev='eth0'/>",
    /dev='eth1' mode='private'>\s*<interface dev='eth1'/,
  ],
  ['forward-interface', 'add-last', "<interface dev='eth1'/>", /^the network has such an interface already$/],
  ['portgroup', 'add-last', "<portgroup name='q' default='yes'/>", /^the port group 'p' is the default$/],
  ['portgroup', 'modify', "<portgroup name='p'/>", /<portgroup name='p'>/],
  ['portgroup', 'delete', "<portgroup name='p'/>", /<\/forward>\s*<\/network>/],
  [
    'dns-host',
    'add-last',
    "<host ip='10.0.0.7'><hostname>a</hostname></host>",
    /^the network has such a host already$/,
  ],
  ['dns-host', 'delete', '<host><hostname>seven</hostname></host>', /target='a'\/>\s*<\/dns>/],
  ['dns-host', 'delete', '<host/>', /^the network has no such host$/],
  ['dns-txt', 'modify', "<txt name='t' value='two'/>", /<txt name='t' value='two'\/>/],
  ['dns-txt', 'delete', "<txt name='t'/>", /<dns>\s*<srv/],
  ['dns-srv', 'delete', "<srv service='ldap'/>", /^the network has 2 such SRV records$/],
  ['dns-srv', 'delete', "<srv protocol='udp'/>", /protocol='tcp' target='a'\/>\s*<host/],
  ['dns-srv', 'add-last', "<txt name='a' value='b'/>", /^the document is a <txt>$/],
];

for (const [section, command, entry, result, parent] of cases)
  test(`${section} ${command} ${entry}${parent === undefined ? '' : ` in <ip> ${parent}`}`, () => {
    const whole = section === 'portgroup' || section === 'forward-interface' ? links : addresses;
    const before = structuredClone(whole);
    const { network, refusal } = updateNetwork(whole, section, command, entry, parent);
    assert.deepEqual(whole, before);
    if (network === undefined) assert.match(refusal ?? '', result);
    else {
      assert.equal(refusal, undefined);
      const written = formatDocument('network', network);
      assert.match(written, result);
      assert.equal(formatDocument('network', read(written)), written);
    }
  });

test('an isolated network has no interfaces of the host, and without <ip> there is no DHCP', () => {
  const isolated = read('<network><name>a</name></network>');
  const add = (section: NetworkSection, entry: string) =>
    updateNetwork(isolated, section, 'add-last', entry).refusal;
  assert.equal(add('forward-interface', "<interface dev='a'/>"), 'the network has no place for an interface');
  assert.equal(
    add('ip-dhcp-range', "<range start='10.0.0.1' end='10.0.0.2'/>"),
    'the network has no place for a range',
  );
  assert.equal(networkSections.length, 7);
});
