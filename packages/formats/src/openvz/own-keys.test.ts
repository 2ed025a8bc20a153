// A key of a container's own file is read from a domain and said anew, whether an element or a parameter has it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Domain } from '@ctvirt/xml';
import { emptyDomain } from '../edit.js';
import { FormatError } from '../errors.js';
import { addKey, keyValue, setKey } from './own-keys.js';

const options = { ctid: 101, pageSize: 4096, hostCpus: 2 };
const bare = emptyDomain('openvz', '101');
const said = (domain: Domain, key: string) => keyValue(domain, key, options);
const set = (domain: Domain, key: string, value: string) => setKey(domain, key, value, options);

test('a new word is in place of the old one, and an empty one takes it away', () => {
  for (const [key, one, other] of [
    ['DISABLED', 'yes', 'no'],
    ['STOP_TIMEOUT', '30', '60'],
    ['NAMESERVER', '10.0.0.1 10.0.0.2', 'inherit'],
    ['SEARCHDOMAIN', 'inherit', 'example.org'],
    ['CAPABILITY', 'NET_ADMIN:on', 'SYS_TIME:on'],
    ['FEATURES', 'nfs:on', 'sit:on'],
  ] as const) {
    const first = set(bare, key, one);
    assert.equal(said(first, key), one);
    const second = set(first, key, other);
    assert.equal(said(second, key), other);
    assert.equal(said(set(second, key, ''), key), undefined, key);
  }
});

test('what there may be several of is added', () => {
  const one = addKey(bare, 'NETIF', 'ifname=eth0,bridge=br0', options);
  const two = addKey(one, 'NETIF', 'ifname=eth1', options);
  assert.equal(said(two, 'NETIF'), 'ifname=eth0,bridge=br0;ifname=eth1');
  const tun = addKey(two, 'DEVNODES', 'net/tun:rw', options);
  assert.equal(said(tun, 'DEVNODES'), 'net/tun:rw');
});

test('what cannot be read is refused, and so is what is no key', () => {
  for (const [key, value] of [
    ['DISABLED', 'perhaps'],
    ['STOP_TIMEOUT', 'soon'],
    ['NAMESERVER', 'nobody'],
    ['NOSUCH', '1'],
  ] as const)
    assert.throws(() => set(bare, key, value), FormatError, key);
});
