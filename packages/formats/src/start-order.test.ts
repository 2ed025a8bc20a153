// The order in which domains start by themselves.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withAnother } from './beancounters.js';
import { emptyDomain } from './edit.js';
import { bootorderOf, inStartOrder, orderOfBootorder, startOrderOf } from './start-order.js';

test('lower orders come first, those without one last, equal ones together', () => {
  const all = [{ name: 'free' }, { name: 'b', order: 10 }, { name: 'a', order: 0 }, { name: 'c', order: 10 }];
  assert.deepEqual(
    inStartOrder(all).map((group) => group.map(({ name }) => name)),
    [['a'], ['b', 'c'], ['free']],
  );
  assert.deepEqual(inStartOrder([]), []);
});

test('what other systems say of the start with the host is found by the names that they have for it', () => {
  const domainOf = (said: Readonly<Record<string, string>>) =>
    Object.entries(said).reduce(
      (domain, [name, value]) => withAnother(domain, name, value),
      emptyDomain('lxc', 'a'),
    );
  assert.deepEqual(startOrderOf(domainOf({})), {});
  const lxc = { 'lxc.start.order': '3', 'lxc.start.delay': '5' };
  assert.deepEqual(startOrderOf(domainOf(lxc)), { order: 3, delaySeconds: 5 });
  assert.deepEqual(startOrderOf(domainOf({ bootorder: '10' })), { order: 999_990 });
  assert.deepEqual(startOrderOf(domainOf({ bootorder: '4000000000' })), { order: 0 });
  assert.deepEqual(startOrderOf(domainOf({ 'lxc.start.order': 'soon', 'lxc.start.delay': '-1' })), {});
  assert.equal(bootorderOf(orderOfBootorder(10)), 10);
});
