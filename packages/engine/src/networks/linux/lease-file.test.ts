// Lines as dnsmasq 2.90 has written them.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkMember } from '../../testing/network-plan.js';
import { leftLeases, readLeases, serverId, withoutTaken } from './lease-file.js';
import { releaseMessage } from './release.js';

const text = `1796000000 52:54:00:aa:bb:01 192.168.122.50 web 01:52:54:00:aa:bb:01
0 06-52:54:00:aa:bb:02 192.168.122.51 * *
1795000000 52:54:00:aa:bb:03 192.168.122.52 old *
duid 00:01:00:01:30:b3:8f:3f:52:54:00:00:00:07
1796000000 11189196 fd00:7::51 web 00:03:00:01:52:54:00:aa:bb:01
1796000000 T5 fd00:7::99 * 00:03:00:01:52:54:00:aa:bb:09
`;

test('leases of both families, but those that have run out', () => {
  const members = [networkMember({ addresses: ['192.168.122.50', 'fd00:7:0::51'] })];
  assert.deepEqual(readLeases(text, members, new Date(1795500000 * 1000)), [
    {
      ...{ mac: '52:54:00:aa:bb:01', address: '192.168.122.50', family: 4, hostname: 'web' },
      ...{ clientId: '01:52:54:00:aa:bb:01', iaid: undefined, expires: 1796000000 },
    },
    {
      ...{ mac: '52:54:00:aa:bb:02', address: '192.168.122.51', family: 4, hostname: undefined },
      ...{ clientId: undefined, iaid: undefined, expires: 0 },
    },
    {
      ...{ mac: '52:54:00:aa:bb:01', address: 'fd00:7::51', family: 6, hostname: 'web' },
      ...{ clientId: '00:03:00:01:52:54:00:aa:bb:01', iaid: '11189196', expires: 1796000000 },
    },
    {
      ...{ mac: undefined, address: 'fd00:7::99', family: 6, hostname: undefined },
      ...{ clientId: '00:03:00:01:52:54:00:aa:bb:09', iaid: '5', expires: 1796000000 },
    },
  ]);
  assert.deepEqual(readLeases('', [], new Date()), []);
});

test('an address that is kept for another by now is not the old one’s any more', () => {
  assert.equal(withoutTaken(text, []), text);
  const own = { mac: '52:54:00:AA:BB:01', addresses: ['192.168.122.50', 'fd00:7::51'] };
  assert.equal(withoutTaken(text, [networkMember(own)]), text);
  const lines = withoutTaken(text, [
    networkMember({ mac: '52:54:00:aa:bb:07', addresses: own.addresses }),
    networkMember({ mac: '52:54:00:aa:bb:09', addresses: ['fd00:7::99', '192.168.122.99'] }),
  ]).split('\n');
  assert.deepEqual(
    lines.map((line) => line.split(' ')[2]),
    ['192.168.122.51', '192.168.122.52', undefined, 'fd00:7::99', undefined],
  );
});

test('a machine that is off holds no lease of IPv6, since it may be called otherwise the next time', () => {
  const addresses = ['192.168.122.50', 'fd00:7:0::51'];
  const now = new Date(0);
  assert.deepEqual(leftLeases(text, [networkMember({ addresses })], now), []);
  const left = leftLeases(text, [networkMember({ addresses, isRunning: false })], now);
  assert.deepEqual(
    left.map(({ address }) => address),
    ['fd00:7::51'],
  );
  const [lease] = left;
  assert.ok(lease);
  assert.equal(
    releaseMessage(lease, '00:01').toString('hex'),
    [
      ...['08000001', '0001000a', '00030001525400aabb01', '00020002', '0001'],
      ...['00030028', Number(lease.iaid).toString(16).padStart(8, '0'), '00'.repeat(8)],
      ...['00050018', 'fd000007000000000000000000000051', '00'.repeat(8)],
    ].join(''),
  );
  assert.equal(serverId(text), /^duid (.*)$/m.exec(text)?.[1]);
});
