// The order in which a start mounts what a document names, of whatever kind.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inMountOrder } from './mount-order.js';

/** `/a` is a place, `/a=/b` a view of /b there. */
const ordered = (...mounts: readonly string[]): string[] =>
  inMountOrder(
    mounts.map((text) => {
      const [target = '', view] = text.split('=');
      return { target, view };
    }),
  ).map(({ target, view }) => (view === undefined ? target : `${target}=${view}`));

test('parents come first, and what is beside each other as it was written', () => {
  assert.deepEqual(ordered('/tmp/in', '/b', '/', '/a', '/tmp'), ['/', '/b', '/a', '/tmp', '/tmp/in']);
});

test('a view comes after what it shows, and before what is mounted in it', () => {
  assert.deepEqual(ordered('/', '/srv/in', '/data/deep', '/srv=/data/deep/x', '/data'), [
    '/',
    '/data',
    '/data/deep',
    '/srv=/data/deep/x',
    '/srv/in',
  ]);
  assert.deepEqual(ordered('/', '/data/x=/data', '/data'), ['/', '/data', '/data/x=/data']);
});

test('views of each other are no endless round', () => {
  assert.deepEqual(ordered('/', '/a=/b/x', '/b=/a/x', '/c'), ['/', '/c', '/a=/b/x', '/b=/a/x']);
});
