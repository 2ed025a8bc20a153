// A second of each fuzz target, so that they keep working; longer runs are started by hand or in CI.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FormatName, formats } from '../formats.js';
import { fuzz } from './fuzz.js';

for (const name of Object.keys(formats) as FormatName[])
  test(`a second of mutated ${name} configurations finds no fault`, () => {
    assert.ok(fuzz(name, 1, Date.now() % 0x7fffffff) > 10);
  });
