// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytes, count, percent, processors } from '../format.js';
import { stepsFor } from './steps.js';

test('no step is finer than what its unit tells', () => {
  assert.equal(stepsFor(processors)[0], 0.01);
  assert.equal(stepsFor(count)[0], 1);
  assert.ok(!stepsFor(processors).includes(0.025));
  const percents = stepsFor(percent);
  assert.ok(percents.includes(0.01) && !percents.includes(0.005) && !percents.includes(0.0002));
});

test('bytes are marked in their own units', () => {
  for (const step of stepsFor(bytes).slice(0, 40))
    assert.match(bytes(step), /^(1|2|4|8|16|32|64|128|256|512)(\.0)? /);
});
