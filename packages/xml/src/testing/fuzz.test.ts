// CI's share of a minute for all fuzz targets, two seconds elsewhere; `npm run fuzz` runs longer.
// SPDX-License-Identifier: Apache-2.0

import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { fuzz } from './fuzz.js';

const seconds = process.env.CI === undefined ? 2 : 20;

test('mutated documents break no guarantee', () => {
  // A busy host needs more of them.
  for (let [documents, accepted] = [0, 0]; documents < 50 || accepted === 0; ) {
    const done = fuzz(seconds, randomInt(0x7fffffff));
    documents += done.documents;
    accepted += done.accepted;
  }
});
