// Which addresses a host has nothing to do with.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parentsOf } from '../lifecycle/links.js';
import { readStored } from '../lifecycle/stored-document.js';
import { addressBytes } from './link-addresses.js';
import type { LinkPlan } from './link-plan.js';
import { absent, strangers } from './strangers.js';

const subnet = (link: string, text: string, bits: number) => ({ link, address: addressBytes(text), bits });
const host = [
  subnet('lo', '127.0.0.1', 8),
  subnet('eth0', '192.0.2.1', 24),
  subnet('eth0', '2001:db8::1', 64),
  subnet('br0', '10.0.0.1', 16),
  subnet('cv5.0', '203.0.113.9', 32),
];
const link = (kind: LinkPlan['kind'], parent: string | undefined, ...addresses: string[]) => ({
  kind,
  parent,
  addresses: addresses.map((address) => ({
    address,
    prefix: 24,
    family: address.includes(':') ? (6 as const) : (4 as const),
  })),
});

test('a routed address is in a network of any of its links', () => {
  assert.deepEqual(strangers([link('routed', undefined, '192.0.2.77', '2001:db8::5', '10.0.9.9')], host), []);
  const said = strangers([link('routed', undefined, '203.0.113.9', '2001:db8:1::5', '127.0.0.9')], host);
  assert.match(said.join('\n'), /network of 203\.0\.113\.9.*\n.*2001:db8:1::5.*\n.*127\.0\.0\.9/);
});

test('one on a bridge is in one of the bridge, where the host has any of that family there', () => {
  assert.deepEqual(strangers([link('bridge', 'br0', '10.0.9.9', '2001:db8::5')], host), []);
  assert.deepEqual(strangers([link('bridge', 'br1', '192.0.2.7'), link('card', '', '1.2.3.4')], host), []);
  assert.match(strangers([link('bridge', 'br0', '192.0.2.7')], host).join(), /br0.*192\.0\.2\.7/);
});

test('of links that a host has not each is told once, and of networks none', () => {
  const from = (type: string, source: string) =>
    `<interface type='${type}'><source ${type}='${source}'/></interface>`;
  const devices = [
    from('bridge', 'vmbr0'),
    from('bridge', 'vmbr0'),
    from('bridge', 'br0'),
    from('network', 'inner'),
  ];
  const domain = readStored(
    `<domain type='lxc'><name>web</name><uuid>2f1c1b1e-0000-4000-8000-000000000001</uuid><memory>1048576</memory>
      <os><type arch='x86_64'>exe</type><init>/sbin/init</init></os>
      <devices><filesystem type='mount'><source dir='/srv/web'/><target dir='/'/></filesystem>${devices.join('')}</devices></domain>`,
    'web',
  );
  const said = absent(parentsOf(domain), (name) => name === 'br0');
  assert.equal(said.length, 1);
  assert.match(said[0] ?? '', /no link 'vmbr0'/);
});
