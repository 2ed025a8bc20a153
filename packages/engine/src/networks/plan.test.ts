// What a document asks of the host, worked out.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDocument } from '@ctvirt/xml';
import fc from 'fast-check';
import { isFault } from '../errors.js';
import { overlap } from '../host/address-bytes.js';
import { placeOn } from './placing.js';
import { planOf, shownOfNetwork } from './plan.js';
import { unkeptOf } from './remarks.js';
import { settled } from './settle.js';
import { addressOf, endsOf, isWithin, numberOf } from './subnets.js';

const settle = (xml: string) => {
  const { model, findings } = parseDocument('network', xml);
  return settled(model ?? assert.fail(JSON.stringify(findings)), () => false, 'u');
};
const bridgeOf = (xml: string) => planOf(settle(xml)).bridge ?? assert.fail('no bridge');

test('all that a document says of a bridge is in its plan', () => {
  const xml = `<network ipv6='yes'><name>a</name><uuid>8509a1d4-1569-4467-8b37-4e433a1ac7b1</uuid>
  <forward dev='eth0' mode='nat'><nat ipv6='yes'><address start='203.0.113.1' end='203.0.113.2'/><port start='1024' end='2048'/></nat></forward>
  <bridge name='br-a' stp='on' delay='2'/><mtu size='9000'/><mac address='52:54:00:00:00:01'/>
  <domain name='a.example' localOnly='yes'/>
  <dns forwardPlainNames='no'><forwarder domain='x.example' addr='192.0.2.53'/><txt name='t' value='v'/>
    <srv service='ldap' protocol='tcp' target='l.example' port='389'/><host ip='10.0.1.7'><hostname>seven</hostname></host></dns>
  <ip address='10.0.1.1' prefix='24' localPtr='yes'><tftp root='/srv/tftp'/><dhcp><range start='10.0.1.2' end='10.0.1.9'><lease expiry='2' unit='hours'/></range>
    <range start='10.0.1.20' end='10.0.1.29'><lease expiry='0'/></range>
    <host mac='52:54:00:AA:00:01' name='one' ip='10.0.1.100'/><bootp file='boot.img' server='10.0.1.5'/></dhcp></ip>
  <ip family='ipv6' address='FD00:1:0:0::1' prefix='64'/>
  <route address='10.9.0.0' prefix='16' gateway='10.0.1.3' metric='2'/></network>`;
  assert.deepEqual(bridgeOf(xml), {
    name: 'br-a',
    mac: '52:54:00:00:00:01',
    mtu: 9000,
    stp: true,
    delaySeconds: 2,
    addresses: [
      { address: '10.0.1.1', prefix: 24, family: 4, hasLocalPtr: true, tftpRoot: '/srv/tftp' },
      { address: 'fd00:1::1', prefix: 64, family: 6 },
    ],
    routes: [{ destination: '10.9.0.0', prefix: 16, family: 4, gateway: '10.0.1.3', metric: 2 }],
    forward: {
      mode: 'nat',
      devs: ['eth0'],
      addresses: { start: '203.0.113.1', end: '203.0.113.2' },
      ports: { start: 1024, end: 2048 },
      ipv6: true,
    },
    dhcp: [
      {
        family: 4,
        server: '10.0.1.1',
        ranges: [
          { start: '10.0.1.2', end: '10.0.1.9', leaseSeconds: 7200 },
          { start: '10.0.1.20', end: '10.0.1.29', leaseSeconds: 'infinite' },
        ],
        hosts: [
          {
            mac: '52:54:00:aa:00:01',
            id: undefined,
            name: 'one',
            address: '10.0.1.100',
            leaseSeconds: undefined,
          },
        ],
        bootp: { file: 'boot.img', server: '10.0.1.5' },
      },
    ],
    dns: {
      isEnabled: true,
      forwardsPlainNames: false,
      forwarders: [{ domain: 'x.example', address: '192.0.2.53' }],
      hosts: [{ address: '10.0.1.7', names: ['seven'] }],
      texts: [{ name: 't', value: 'v' }],
      services: [
        {
          service: 'ldap',
          protocol: 'tcp',
          domain: undefined,
          target: 'l.example',
          port: 389,
          priority: undefined,
          weight: undefined,
        },
      ],
    },
    domain: { name: 'a.example', isLocal: true },
    rates: { inbound: undefined, outbound: undefined },
    passesIpv6: true,
  });
});

test('what a document leaves out is as for libvirt', () => {
  const bridge = bridgeOf("<network><name>a</name><ip address='172.20.0.1'/></network>");
  assert.deepEqual(
    [bridge.name, bridge.forward, bridge.addresses, bridge.stp, bridge.mtu, bridge.dns.isEnabled],
    ['virbr0', { mode: 'none' }, [{ address: '172.20.0.1', prefix: 16, family: 4 }], false, undefined, true],
  );
  assert.match(bridge.mac, /^52:54:00:/);
  assert.deepEqual(
    bridgeOf("<network><name>a</name><forward/><ip address='10.0.0.1' prefix='24'/></network>").forward,
    { mode: 'nat', devs: [], addresses: undefined, ports: undefined, ipv6: false },
  );
});

test('a network on what the host has asks for no bridge, and says where links go', () => {
  const host = settle("<network><name>a</name><forward mode='bridge'/><bridge name='br7'/></network>");
  assert.equal(planOf(host).bridge, undefined);
  assert.deepEqual(
    placeOn(host, () => 0),
    { bridge: 'br7' },
  );
  assert.deepEqual(
    [shownOfNetwork(host, undefined).bridge, shownOfNetwork(host, undefined).forward],
    ['br7', 'bridge'],
  );
  const shared = settle(
    "<network><name>a</name><forward mode='private'><interface dev='eth0'/><interface dev='eth1'/></forward></network>",
  );
  assert.deepEqual(
    placeOn(shared, (dev) => (dev === 'eth0' ? 2 : 1)),
    { dev: 'eth1', mode: 'private' },
  );
  const devices = settle("<network><name>a</name><forward mode='hostdev'/></network>");
  assert.throws(
    () => planOf(devices),
    (error) => isFault(error, 'unsupported'),
  );
});

test('what has no effect is said', () => {
  const network = settle(
    "<network><name>a</name><forward mode='nat'/><bridge name='b' zone='z' stp='on' delay='0'/><bandwidth><inbound average='1'/></bandwidth>" +
      "<port isolated='yes'/><ip address='10.0.0.1' prefix='24'/><portgroup name='g'><bandwidth><inbound average='1'/></bandwidth></portgroup></network>",
  );
  assert.deepEqual(
    unkeptOf(network).map(({ path }) => path),
    ['/network/bridge/@stp', '/network/bridge/@zone'],
  );
});

test('an address and its number are one, and subnets know what is in them', () => {
  const four = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  fc.assert(
    fc.property(four, fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), (small, big) => {
      assert.equal(numberOf(addressOf(BigInt(small), 4)), BigInt(small));
      assert.equal(numberOf(addressOf(big, 6)), big);
    }),
  );
  const subnet = { address: '10.0.1.77', prefix: 25, family: 4 } as const;
  const { first, last } = endsOf(subnet);
  assert.deepEqual([addressOf(first, 4), addressOf(last, 4)], ['10.0.1.0', '10.0.1.127']);
  assert.deepEqual(
    ['10.0.1.127', '10.0.1.128', '::1'].map((address) => isWithin(subnet, address)),
    [true, false, false],
  );
  const other = (address: string, prefix: number) => overlap(subnet, { address, prefix });
  assert.deepEqual(
    [other('10.0.0.1', 16), other('10.0.1.100', 32), other('10.0.1.200', 25)],
    [true, true, false],
  );
});
