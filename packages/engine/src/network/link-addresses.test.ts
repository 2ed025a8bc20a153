// Bytes of addresses, and those made of others.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressBytes, addressText, linkLocal, madeMac } from './link-addresses.js';

test('an address is the same bytes in all its forms', () => {
  for (const [form, text] of [
    ['192.168.7.5', '192.168.7.5'],
    ['2001:db8::5', '2001:db8:0:0:0:0:0:5'],
    ['2001:0DB8:0:0::0005', '2001:db8:0:0:0:0:0:5'],
    ['::', '0:0:0:0:0:0:0:0'],
    ['::1', '0:0:0:0:0:0:0:1'],
    ['fe80::', 'fe80:0:0:0:0:0:0:0'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['::ffff:192.168.7.5', '0:0:0:0:0:ffff:c0a8:705'],
  ] as const)
    assert.equal(addressText(addressBytes(form)), text, form);
});

test('a link’s own address is the one a kernel makes', () => {
  assert.equal(addressText(linkLocal('52:54:00:12:34:56')), 'fe80:0:0:0:5054:ff:fe12:3456');
});

test('a made hardware address is local, no group’s, always the same, and each link’s own', () => {
  const [mac, other, again] = ['eth0', 'eth1', 'eth0'].map((name) => madeMac('an id', name));
  assert.match(mac ?? '', /^[0-9a-f][26ae](:[0-9a-f]{2}){5}$/);
  assert.equal(mac, again);
  assert.notEqual(mac, other);
  const first = Array.from({ length: 500 }, (_, at) => Number.parseInt(madeMac('an id', `eth${at}`), 16));
  assert.ok(first.every((byte) => (byte & 3) === 2));
});
