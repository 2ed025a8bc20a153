// Where another host finds a ctvirtd.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { complete, uriHere } from './target.js';

const usual = { socket: '/run/ctvirt/libvirt-sock', tlsPort: 16_514 };
const other = { socket: '/srv/x/run/libvirt-sock', tlsPort: 4711 };

test('a host is reached as whoever asked came to it', () => {
  assert.equal(uriHere('unix', 'far', usual), 'ctvirt+ssh://far/system');
  assert.equal(uriHere('tcp', 'far', other), 'ctvirt+ssh://far/system?socket=/srv/x/run/libvirt-sock');
  assert.equal(uriHere('tls', 'far', usual), 'ctvirt+tls://far/system');
  assert.equal(uriHere('tls', 'far', other), 'ctvirt+tls://far:4711/system');
  assert.equal(uriHere('tls', '[fd00::2]', other), 'ctvirt+tls://[fd00::2]:4711/system');
  for (const transport of ['unix', 'tls'])
    for (const where of [usual, other]) assert.match(complete(uriHere(transport, 'far', where)), /^ctvirt\+/);
});
