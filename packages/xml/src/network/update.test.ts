// Changes of single elements of a network: each part with each command, and what is refused in libvirt's words.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDocument, parseDocument } from '../documents.js';
import type { Network } from './index.js';
import { type NetworkUpdate, updateNetwork } from './update.js';

const read = (xml: string): Network => {
  const { model, findings } = parseDocument('network', xml);
  assert.ok(model, JSON.stringify(findings));
  return model;
};
const lan = (more = '', dhcp = ''): Network =>
  read(
    `<network><name>lan</name><forward mode='nat'/>${more}<ip address='192.0.2.1' prefix='24'>${dhcp === '' ? '' : `<dhcp>${dhcp}</dhcp>`}</ip></network>`,
  );

type Words = readonly [command: NetworkUpdate['command'], section: NetworkUpdate['section'], xml: string];

function applied(network: Network, [command, section, xml]: Words, parent = -1): string {
  const before = formatDocument('network', network);
  const result = updateNetwork(network, { command, section, xml, parent });
  assert.equal(formatDocument('network', network), before, 'the given document is changed');
  return 'fault' in result
    ? `${result.fault.kind}: ${result.fault.message}`
    : formatDocument('network', result.network);
}
/** The lines that a change brings (+) and takes away (-). */
function differences(network: Network, words: Words, parent = -1): string {
  const after = applied(network, words, parent);
  if (!after.startsWith('<')) return after;
  const [old, now] = [formatDocument('network', network), after].map((text) =>
    text.split('\n').map((line) => line.trim()),
  );
  return [
    ...(old ?? []).filter((line) => !now?.includes(line)).map((line) => `-${line}`),
    ...(now ?? []).filter((line) => !old?.includes(line)).map((line) => `+${line}`),
  ].join(' ');
}

const web = "<host mac='52:54:00:00:00:01' name='web' ip='192.0.2.5'/>";
const mail = "<host mac='52:54:00:00:00:02' name='mail' ip='192.0.2.6'/>";
const range = "<range start='192.0.2.10' end='192.0.2.20'/>";

test('hosts of DHCP: added at either end, found by any of their names, changed in place, taken out', () => {
  const network = lan('', range + web);
  const order = (command: 'add-first' | 'add-last'): string[] =>
    [...applied(network, [command, 'ip-dhcp-host', mail]).matchAll(/name='(\w+)'/g)].map(
      ([, name]) => name ?? '',
    );
  assert.deepEqual(order('add-first'), ['mail', 'web']);
  assert.deepEqual(order('add-last'), ['web', 'mail']);
  assert.equal(
    differences(network, [
      'modify',
      'ip-dhcp-host',
      "<host mac='52:54:00:00:00:01' name='www' ip='192.0.2.7'/>",
    ]),
    `-${web} +<host mac='52:54:00:00:00:01' name='www' ip='192.0.2.7'/>`,
  );
  for (const part of ["mac='52:54:00:00:00:01'", "name='web'", "ip='192.0.2.5'"])
    assert.equal(differences(network, ['delete', 'ip-dhcp-host', `<host ${part}/>`]), `-${web}`);
  assert.equal(
    applied(network, ['delete', 'ip-dhcp-host', "<host name='web' ip='192.0.2.6'/>"]),
    "state: couldn't locate a matching dhcp host entry in network 'lan'",
  );
  assert.match(
    applied(network, ['delete', 'ip-dhcp-host', '<host/>']),
    /^document: .*needs one of name, mac, ip/,
  );
  assert.equal(
    applied(network, ['add-last', 'ip-dhcp-host', "<host name='web' ip='192.0.2.9'/>"]),
    "state: there is an existing dhcp host entry in network 'lan' that matches \"<host mac='unknown' name='web' ip='192.0.2.9'/>\"",
  );
  assert.equal(
    applied(network, ['modify', 'ip-dhcp-host', mail]),
    "state: couldn't locate an existing dhcp host entry with \"mac='52:54:00:00:00:02'\" \"name='mail'\" \"ip='192.0.2.6'\" in network 'lan'",
  );
});

test('the last of a list takes the list along', () => {
  assert.doesNotMatch(
    applied(lan('', web), ['delete', 'ip-dhcp-host', "<host ip='192.0.2.5'/>"]),
    /dhcp|host/,
  );
  assert.doesNotMatch(
    applied(lan("<dns><txt name='a' value='b'/></dns>"), ['delete', 'dns-txt', "<txt name='a'/>"]),
    /dns/,
  );
});

test('ranges of DHCP are added and taken out, and not changed', () => {
  const network = lan('', range);
  const other = "<range start='192.0.2.30' end='192.0.2.40'/>";
  assert.equal(differences(network, ['add-last', 'ip-dhcp-range', other]), `+${other}`);
  assert.equal(differences(network, ['delete', 'ip-dhcp-range', range]), `-<dhcp> -${range} -</dhcp>`);
  assert.match(applied(network, ['modify', 'ip-dhcp-range', range]), /^unsupported: .*cannot be modified/);
  assert.match(
    applied(network, ['add-last', 'ip-dhcp-range', range]),
    /^state: there is an existing dhcp range/,
  );
  assert.match(
    applied(network, ['add-last', 'ip-dhcp-range', "<range start='198.51.100.1' end='198.51.100.9'/>"]),
    /^document: .*not within the network/,
  );
});

test('which <ip> is meant: the one with DHCP, else the first of IPv4, or the one of that place', () => {
  const network = read(
    "<network><name>two</name><ip family='ipv6' address='2001:db8::1' prefix='64'/><ip address='192.0.2.1' prefix='24'/><ip address='198.51.100.1' prefix='24'/></network>",
  );
  assert.match(
    applied(network, ['add-last', 'ip-dhcp-host', web]),
    /192\.0\.2\.1'[^>]*>\s*<dhcp>\s*<host mac/,
  );
  const third = "<host name='web' ip='198.51.100.5'/>";
  assert.match(
    applied(network, ['add-last', 'ip-dhcp-host', third], 2),
    /198\.51\.100\.1'[^>]*>\s*<dhcp>\s*<host name/,
  );
  assert.match(
    applied(network, ['add-last', 'ip-dhcp-host', third], 7),
    /^state: .*no <ip> element found at index 7/,
  );
  assert.match(
    applied(network, ['add-last', 'ip-dhcp-host', third], 0),
    /^state: the address family of a host entry/,
  );
  const first = updateNetwork(network, { command: 'add-last', section: 'ip-dhcp-host', xml: web });
  assert.ok('network' in first);
  assert.equal(
    applied(first.network, ['add-last', 'ip-dhcp-host', third], 2),
    'state: dhcp is supported only for a single IPv4 address on each network',
  );
});

test('interfaces of the host, whether the document lists them or names one', () => {
  const bridged = read(
    "<network><name>lan</name><forward mode='private'><interface dev='eth0'/></forward></network>",
  );
  assert.match(
    applied(bridged, ['add-last', 'forward-interface', "<interface dev='eth1'/>"]),
    /eth0'\/>\s*<interface dev='eth1'/,
  );
  assert.match(
    applied(bridged, ['add-first', 'forward-interface', "<interface dev='eth1'/>"]),
    /<interface dev='eth1'\/>\s*<interface dev='eth0'/,
  );
  assert.match(
    applied(bridged, ['add-last', 'forward-interface', "<interface dev='eth0'/>"]),
    /^state: there is an existing interface/,
  );
  assert.match(
    applied(bridged, ['delete', 'forward-interface', "<interface dev='eth9'/>"]),
    /^state: couldn't find an interface/,
  );
  assert.match(
    applied(bridged, ['modify', 'forward-interface', "<interface dev='eth0'/>"]),
    /^unsupported: /,
  );
  const named = read(
    "<network><name>lan</name><forward mode='route' dev='eth0'/><ip address='192.0.2.1' prefix='24'/></network>",
  );
  assert.doesNotMatch(
    applied(named, ['delete', 'forward-interface', "<interface dev='eth0'/>"]),
    /dev=|<interface/,
  );
});

test('port groups: one of a name, one default', () => {
  const network = lan("<portgroup name='a' default='yes'/>");
  assert.match(
    applied(network, ['add-last', 'portgroup', "<portgroup name='b'/>"]),
    /name='a'[\s\S]*name='b'/,
  );
  assert.match(
    applied(network, [
      'modify',
      'portgroup',
      "<portgroup name='a'><bandwidth><inbound average='9'/></bandwidth></portgroup>",
    ]),
    /<portgroup name='a'>\s*<bandwidth/,
  );
  assert.doesNotMatch(applied(network, ['delete', 'portgroup', "<portgroup name='a'/>"]), /portgroup/);
  assert.match(
    applied(network, ['delete', 'portgroup', "<portgroup name='z'/>"]),
    /^state: couldn't find a portgroup/,
  );
  assert.match(
    applied(network, ['add-last', 'portgroup', "<portgroup name='a'/>"]),
    /^state: there is an existing portgroup/,
  );
  assert.match(
    applied(network, ['add-last', 'portgroup', "<portgroup name='b' default='yes'/>"]),
    /^state: a different portgroup entry in network 'lan' is already set as the default/,
  );
});

test('records of the resolver', () => {
  const host = '<host ip="192.0.2.9"><hostname>a</hostname><hostname>b</hostname></host>';
  const network = lan(
    `<dns><txt name='t' value='1'/><srv service='s' protocol='tcp' target='x'/><srv service='s' protocol='udp' target='y'/>${host}</dns>`,
  );
  assert.match(
    applied(network, ['modify', 'dns-host', '<host ip="192.0.2.9"><hostname>c</hostname></host>']),
    /<hostname>c/,
  );
  assert.match(
    applied(network, ['add-last', 'dns-host', host]),
    /^state: there is already at least one DNS HOST/,
  );
  assert.doesNotMatch(
    applied(network, ['delete', 'dns-host', '<host><hostname>b</hostname></host>']),
    /hostname/,
  );
  assert.doesNotMatch(applied(network, ['delete', 'dns-host', "<host ip='192.0.2.9'/>"]), /hostname/);
  assert.match(applied(network, ['modify', 'dns-txt', "<txt name='t' value='2'/>"]), /value='2'/);
  assert.match(
    applied(network, ['add-last', 'dns-txt', "<txt name='t' value='2'/>"]),
    /^state: there is already a DNS TXT/,
  );
  assert.match(
    applied(network, ['delete', 'dns-srv', "<srv service='s'/>"]),
    /^state: multiple DNS SRV records/,
  );
  assert.doesNotMatch(
    applied(network, ['delete', 'dns-srv', "<srv service='s' protocol='udp'/>"]),
    /target='y'/,
  );
  assert.match(
    applied(network, ['modify', 'dns-srv', "<srv service='s' protocol='tcp'/>"]),
    /^unsupported: /,
  );
});

test('what is no part that can be changed, no such element, or no XML is refused', () => {
  const network = lan();
  for (const [section, name] of [
    ['bridge', 'bridge'],
    ['domain', 'domain'],
    ['ip', 'ip'],
    ['forward', 'forward'],
    ['forward-pf', 'forward pf'],
  ] as const)
    assert.equal(
      applied(network, ['add-last', section, '<a/>']),
      `unsupported: can't update '${name}' section of network 'lan'`,
    );
  assert.equal(
    applied(network, ['add-last', 'ip-dhcp-host', range]),
    "document: unexpected element <range>, expecting <host>, while updating network 'lan'",
  );
  assert.match(applied(network, ['add-last', 'ip-dhcp-host', '<host']), /^syntax: /);
  assert.match(
    applied(network, ['add-last', 'ip-dhcp-host', "<host ip='nothing' name='a'/>"]),
    /^(document|state): /,
  );
});
