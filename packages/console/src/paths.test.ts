// Addresses of screens.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { match, pathOf } from './paths.js';

test('a pattern finds its names in a path, whatever they are made of', () => {
  assert.deepEqual(match('/', '/'), {});
  assert.deepEqual(match('/domains/:domain/:tab', '/domains/web/usage/'), { domain: 'web', tab: 'usage' });
  for (const name of ['a/b', '<img onerror=x>', '..', 'ü %', '\u202eweb'])
    assert.deepEqual(match('/domains/:domain', pathOf('domains', name)), { domain: name });
});

test('what is of no pattern is not found', () => {
  assert.equal(match('/domains/:domain', '/domains'), undefined);
  assert.equal(match('/domains', '/profiles'), undefined);
  assert.equal(match('/domains/:domain', '/domains/%'), undefined);
});
