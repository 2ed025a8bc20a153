// CI's share of a minute for all fuzz targets, a second elsewhere; `npm run fuzz` runs longer.
// SPDX-License-Identifier: Apache-2.0

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { fuzz } from './fuzz.js';

const seconds = process.env.CI === undefined ? 1 : 16;

test('mutated frames harm nobody', async () => {
  // A busy host needs more of them.
  let [connections, calls] = [0, 0];
  for (let round = 0; round === 0 || (round < 10 && (connections <= 10 || calls <= 10)); round++) {
    const done = await fuzz(seconds, randomInt(0x7fffffff));
    connections += done.connections;
    calls += done.calls;
  }
  assert.ok(connections > 10);
  assert.ok(calls > 10);
});
