// What iproute2 says of links, as plain data.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineError } from '../errors.js';
import { parseAddresses, printable } from './addresses.js';
import { run } from './run.js';

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

test('whatever a container calls its links, their addresses are told', async () => {
  const name = 'e\x1b[31mX\x07\'"\\';
  const script =
    'ip link add v0 type veth peer v1; ip link set v0 name "$0"; ip address add 192.0.2.7/24 dev "$0"; exec ip -json -details address show';
  const { stdout } = await run(['/usr/bin/unshare', '--net', '/bin/sh', '-c', script, name]);
  const found = parseAddresses(stdout).find((link) => link.addresses.length > 0);
  assert.deepEqual(found?.addresses, [{ family: 4, address: '192.0.2.7', prefix: 24 }]);
  assert.equal(found?.name, name);
  assert.equal(printable(name), 'e\\u001b[31mX\\u0007\'"\\');
});

test('an answer that is no JSON is a fault of the command', () => {
  assert.throws(
    () => parseAddresses('Object "address" is unknown'),
    (error) => error instanceof EngineError && error.code === 'host-command',
  );
});
