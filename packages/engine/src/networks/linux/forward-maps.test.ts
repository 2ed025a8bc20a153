// Which port leads to whom.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkMember } from '../../testing/network-plan.js';
import type { Member, PortForward } from '../contract/plan.js';
import { forwardMaps } from './forward-maps.js';

const forward = (given: Partial<PortForward>): PortForward => ({
  ...{ protocol: 'tcp', address: undefined, start: 2222, end: 2222, to: 22 },
  ...given,
});
const elements = (...members: readonly Member[]) =>
  Object.fromEntries(
    forwardMaps(
      members.flatMap((member) => [4 as const, 6 as const].map((family) => ({ family, member }))),
    ).maps.map(({ name, elements: found }) => [name, found]),
  );

test('without a forward there is nothing', () => {
  assert.deepEqual(forwardMaps([{ family: 4, member: networkMember() }]), { maps: [], rules: [] });
});

test('of either family the first address of the member, for all of the host or one', () => {
  const member = networkMember({
    addresses: ['192.168.122.50', '192.168.122.51', 'fd00:7::50'],
    forwards: [
      forward({}),
      forward({ protocol: 'udp', address: '203.0.113.1', start: 5000, end: 5001, to: 6000 }),
      forward({ address: '2001:db8::1' }),
    ],
  });
  assert.deepEqual(elements(member), {
    any4: ['tcp . 2222 : 192.168.122.50 . 22'],
    at4: [
      '203.0.113.1 . udp . 5000 : 192.168.122.50 . 6000',
      '203.0.113.1 . udp . 5001 : 192.168.122.50 . 6001',
    ],
    any6: ['tcp . 2222 : fd00:7:0:0:0:0:0:50 . 22'],
    at6: ['2001:db8:0:0:0:0:0:1 . tcp . 2222 : fd00:7:0:0:0:0:0:50 . 22'],
  });
});

test('0.0.0.0 and :: are all addresses of their family', () => {
  const member = networkMember({
    addresses: ['192.168.122.50', 'fd00:7::50'],
    forwards: [forward({ address: '0.0.0.0' }), forward({ address: '::', start: 80, end: 80 })],
  });
  assert.deepEqual(elements(member), {
    any4: ['tcp . 2222 : 192.168.122.50 . 22'],
    any6: ['tcp . 80 : fd00:7:0:0:0:0:0:50 . 22'],
  });
});

test('a port that two ask for is the first one’s', () => {
  const [first, second] = [50, 51].map((last) =>
    networkMember({ addresses: [`192.168.122.${last}`], forwards: [forward({ end: 2221 + (last - 49) })] }),
  );
  assert.ok(first && second);
  assert.deepEqual(elements(first, second), {
    any4: ['tcp . 2222 : 192.168.122.50 . 22', 'tcp . 2223 : 192.168.122.51 . 23'],
  });
});

test('ports that stay the same are one element for a range, by link and address where they are said', () => {
  const member = networkMember({
    forwards: [
      forward({ start: 8000, end: 8010, to: 8000 }),
      forward({ protocol: 'udp', start: 53, end: 53, to: 53, dev: 'eth0' }),
      forward({ address: '203.0.113.1', start: 1, end: 65_535, to: 1 }),
      forward({ address: '203.0.113.2', dev: 'eth0' }),
      forward({ dev: 'no link', start: 80, end: 80 }),
    ],
  });
  const { maps, rules } = forwardMaps([{ family: 4, member }]);
  assert.deepEqual(Object.fromEntries(maps.map(({ name, elements: found }) => [name, found])), {
    at_by4: ['"eth0" . 203.0.113.2 . tcp . 2222 : 192.168.122.50 . 22'],
    at_same4: ['203.0.113.1 . tcp . 1-65535 : 192.168.122.50'],
    any_by_same4: ['"eth0" . udp . 53 : 192.168.122.50'],
    any_same4: ['tcp . 8000-8010 : 192.168.122.50'],
  });
  assert.equal(rules.length, 4);
});

test('ranges that overlap are cut where another one begins', () => {
  const [first, second] = [50, 51].map((last) =>
    networkMember({
      addresses: [`192.168.122.${last}`],
      forwards: [forward({ start: 100 * last, end: 5200, to: 100 * last })],
    }),
  );
  assert.ok(first && second);
  assert.deepEqual(elements(first, second), { any_same4: ['tcp . 5000-5200 : 192.168.122.50'] });
});
