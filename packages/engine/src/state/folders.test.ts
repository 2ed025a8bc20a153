// Where something lies, for people: what is half-made is gone by the time that they look.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastingPart } from './folders.js';

test('of a path in what is half-made the part that stays is told', () => {
  for (const [path, part] of [
    ['/lib/roots/.new-a1b2c3', '/lib/roots'],
    ['/lib/roots/web/snapshots/.new-a1b2c3/root.layer', '/lib/roots/web/snapshots'],
    ['/root/.newer/roots/web', '/root/.newer/roots/web'],
    ['/lib/roots/web', '/lib/roots/web'],
  ] as const)
    assert.equal(lastingPart(path), part);
});
