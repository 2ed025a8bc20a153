// CI's share of a minute for all fuzz targets, a second elsewhere; `npm run fuzz` runs longer.
// SPDX-License-Identifier: Apache-2.0

import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { fuzz } from './fuzz.js';

const seconds = process.env.CI === undefined ? 1 : 16;

test('mutated frames harm nobody', async () => {
  // A busy host needs more of them.
  for (let [connections, calls] = [0, 0]; connections <= 10 || calls <= 10; ) {
    const done = await fuzz(seconds, randomInt(0x7fffffff));
    connections += done.connections;
    calls += done.calls;
  }
});
