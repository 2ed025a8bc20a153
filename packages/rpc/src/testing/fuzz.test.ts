// CI's share of a minute for all fuzz targets, a second elsewhere; `npm run fuzz` runs longer.
// SPDX-License-Identifier: Apache-2.0

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { fuzz } from './fuzz.js';

const seconds = process.env.CI === undefined ? 1 : 16;

test('mutated frames harm nobody', async () => {
  const { connections, calls } = await fuzz(seconds, randomInt(0x7fffffff));
  assert.ok(connections > 10);
  assert.ok(calls > 10);
});
