// A second of the fuzz target, so that it keeps working; longer runs are started by hand or in CI.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz } from './fuzz.js';

test('a second of mutated frames harms nobody', async () => {
  const { connections, calls } = await fuzz(1, Date.now());
  assert.ok(connections > 10);
  assert.ok(calls > 10);
});
