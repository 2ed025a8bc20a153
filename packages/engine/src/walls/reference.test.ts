// docs/reference/walls.md is what the tables of the walls say.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { capabilityNames } from '@ctvirt/xml';
import { formatWalls } from './reference.js';
import { capabilitiesByNumber } from './standing.js';

const page = new URL('../../../../docs/reference/walls.md', import.meta.url);

test('the reference page is as it would be written now', () => {
  assert.equal(readFileSync(page, 'utf8'), formatWalls(), 'run npm run gen');
});

test('every capability a document can name has its number', () => {
  const numbered = new Set<string>(capabilitiesByNumber);
  assert.deepEqual(
    capabilityNames.filter((name) => !numbered.has(name)),
    [],
  );
  assert.equal(capabilitiesByNumber.indexOf('sys_admin'), 21);
  assert.equal(capabilitiesByNumber.indexOf('checkpoint_restore'), 40);
});
