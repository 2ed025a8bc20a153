// The order in which domains start by themselves.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inStartOrder } from './start-order.js';

test('lower orders come first, those without one last, equal ones together', () => {
  const all = [{ name: 'free' }, { name: 'b', order: 10 }, { name: 'a', order: 0 }, { name: 'c', order: 10 }];
  assert.deepEqual(
    inStartOrder(all).map((group) => group.map(({ name }) => name)),
    [['a'], ['b', 'c'], ['free']],
  );
  assert.deepEqual(inStartOrder([]), []);
});
