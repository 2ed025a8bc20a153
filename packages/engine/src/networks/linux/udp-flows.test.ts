// Which flows are to be looked at again when ports lead elsewhere.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressBytes } from '../../host/address-bytes.js';
import { networkMember } from '../../testing/network-plan.js';
import type { PortForward } from '../contract/plan.js';
import { type Led, ledTo } from './forward-maps.js';
import { staleFlows } from './udp-flows.js';

const host = '203.0.113.1';
const own = () => new Set([addressBytes(host).toString('hex')]);
const led = (to: string, given: Partial<PortForward> = {}): Led[] =>
  ledTo({
    family: 4,
    member: networkMember({
      addresses: [to],
      forwards: [{ protocol: 'udp', address: undefined, start: 50, end: 59, to: 50, ...given }],
    }),
  });
const flow = (answering: string, port = 53, to = host) => ({
  ...{ family: 4 as const, port },
  ...{ to: addressBytes(to), answering: addressBytes(answering) },
});
const [a, b] = ['192.168.122.50', '192.168.122.51'];

test('nothing is asked where no port of UDP leads elsewhere', () => {
  const dead = () => assert.fail('nobody asks');
  assert.equal(staleFlows([], [], dead), undefined);
  assert.equal(staleFlows(led(a), led(a), dead), undefined);
  assert.equal(staleFlows([], led(a, { protocol: 'tcp' }), dead), undefined);
});

test('who asked the host, or another member, asks the one it leads to now', () => {
  const stale = staleFlows(led(b), led(a), own);
  assert.ok(stale);
  assert.deepEqual([flow(host), flow(b), flow(a)].map(stale), [true, true, false]);
  assert.deepEqual([flow(host, 60), flow('192.0.2.9', 53, '192.0.2.9')].map(stale), [false, false]);
});

test('a port that leads nowhere any more is left by those that it led', () => {
  const stale = staleFlows(led(a), [], own);
  assert.ok(stale);
  assert.deepEqual([flow(a), flow(host), flow(b)].map(stale), [true, false, false]);
});

test('of a port by one link nobody knows whose flow it is', () => {
  const stale = staleFlows([], led(a, { dev: 'eth0' }), own);
  assert.equal(stale?.(flow(host)), false);
});
