// Whose locks are whose, in a repository that several hosts write to.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holderOf } from './repositories.js';

test('two hosts of one name, and two daemons of one host, are not the same', () => {
  const name = 'a-name-as-long-as-a-name-of-a-host-may-be.and-a-domain-after-it.example';
  const all = [
    holderOf('ctvirt', name, '1111\n'),
    holderOf('ctvirt', name, '2222\n'),
    holderOf('ctvirt-01234567', name, '1111\n'),
  ];
  assert.equal(new Set(all).size, 3);
  for (const one of all) assert.ok(one.length <= 64 && !one.includes('1111'), one);
});
