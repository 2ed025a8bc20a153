// CI's share of a minute for all fuzz targets, two seconds elsewhere; `npm run fuzz` runs longer.
// SPDX-License-Identifier: Apache-2.0

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { fuzz } from './fuzz.js';

const seconds = process.env.CI === undefined ? 2 : 20;

test('mutated documents break no guarantee', () => {
  // A busy host needs more of them.
  let [documents, accepted] = [0, 0];
  for (let round = 0; round === 0 || (round < 10 && (documents < 50 || accepted === 0)); round++) {
    const done = fuzz(seconds, randomInt(0x7fffffff));
    documents += done.documents;
    accepted += done.accepted;
  }
  assert.ok(documents >= 50);
  assert.ok(accepted > 0);
});
