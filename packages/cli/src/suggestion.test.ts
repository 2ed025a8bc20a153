// The nearest spelling: near enough, and a distance that is one.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { editDistance, nearest } from './suggestion.js';

test('the distance is zero only to itself, symmetric, and no more than the longer word', () => {
  const word = fc.string({ maxLength: 12 });
  fc.assert(
    fc.property(word, word, (one, other) => {
      const distance = editDistance(one, other);
      assert.equal(distance === 0, one === other);
      assert.equal(distance, editDistance(other, one));
      assert.ok(distance <= Math.max(one.length, other.length));
      assert.ok(distance >= Math.abs(one.length - other.length));
    }),
  );
});

test('one slip is forgiven, nonsense is not', () => {
  const known = ['start', 'shutdown', 'suspend', 'list'];
  assert.equal(nearest('strat', known), 'start');
  assert.equal(nearest('shutdwn', known), 'shutdown');
  assert.equal(nearest('ls', known), undefined);
  assert.equal(nearest('frobnicate', known), undefined);
});
