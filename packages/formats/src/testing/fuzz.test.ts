// CI's share of a minute for all fuzz targets, a second each elsewhere; `npm run fuzz` runs longer.
// SPDX-License-Identifier: Apache-2.0

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { type FormatName, formats } from '../formats.js';
import { fuzz } from './fuzz.js';

const seconds = process.env.CI === undefined ? 1 : 6;

for (const name of Object.keys(formats) as FormatName[])
  test(`mutated ${name} configurations bring out no fault`, () => {
    assert.ok(fuzz(name, seconds, randomInt(0x7fffffff)) > 0);
  });
