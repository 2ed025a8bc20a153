// Addresses of screens.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { match, pathOf } from './paths.js';

test('a pattern finds its names in a path, whatever they are made of', () => {
  assert.deepEqual(match('/', '/'), {});
  assert.deepEqual(match('/domains/:domain/:tab', '/domains/web/usage/'), { domain: 'web', tab: 'usage' });
  for (const name of [
    'a/b',
    '<img onerror=x>',
    '.',
    '..',
    '~.',
    '~~..',
    '~web',
    'ü %',
    '%2e%2e',
    '\u202eweb',
  ]) {
    const path = pathOf('domains', name);
    assert.deepEqual(match('/domains/:domain', path), { domain: name });
    // A browser takes no part of it for a step of the path.
    const bar = new URL(path, 'http://127.0.0.1/');
    assert.deepEqual(match('/domains/:domain', bar.pathname), { domain: name });
  }
});

test('what is of no pattern is not found', () => {
  assert.equal(match('/domains/:domain', '/domains'), undefined);
  assert.equal(match('/domains', '/profiles'), undefined);
  assert.equal(match('/domains/:domain', '/domains/%'), undefined);
});
