// What iproute2 says of links, as plain data.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineError } from '../errors.js';
import { parseAddresses } from './addresses.js';

test('links come with their kind and addresses, the loopback one and link-local addresses do not', () => {
  const said = [
    { ifname: 'lo', link_type: 'loopback', flags: ['UP'], addr_info: [] },
    {
      ifname: 'br0',
      link_type: 'ether',
      address: '02:00:00:00:00:01',
      flags: ['BROADCAST', 'UP'],
      linkinfo: { info_kind: 'bridge' },
      addr_info: [
        { family: 'inet', local: '192.0.2.1', prefixlen: 24, scope: 'global' },
        { family: 'inet6', local: 'fe80::1', prefixlen: 64, scope: 'link' },
        { family: 'inet6', local: '2001:db8::1', prefixlen: 64, scope: 'global' },
      ],
    },
  ];
  assert.deepEqual(parseAddresses(JSON.stringify(said)), [
    {
      name: 'br0',
      mac: '02:00:00:00:00:01',
      up: true,
      kind: 'bridge',
      addresses: [
        { family: 4, address: '192.0.2.1', prefix: 24 },
        { family: 6, address: '2001:db8::1', prefix: 64 },
      ],
    },
  ]);
  assert.deepEqual(parseAddresses(''), []);
});

test('an answer that is no JSON is a fault of the command', () => {
  assert.throws(
    () => parseAddresses('Object "address" is unknown'),
    (error) => error instanceof EngineError && error.code === 'host-command',
  );
});
