// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { remembered } from './remembered.js';

test('is worked out once for an object and a context, and anew for another one', () => {
  let times = 0;
  const told = remembered(({ name }: { name: string }, context: string) => `${name} ${context} ${++times}`);
  const one = { name: 'one' };
  assert.equal(told(one, 'a'), 'one a 1');
  assert.equal(told(one, 'a'), 'one a 1');
  assert.equal(told(one, 'b'), 'one b 2');
  assert.equal(told({ name: 'one' }, 'b'), 'one b 3');
});
