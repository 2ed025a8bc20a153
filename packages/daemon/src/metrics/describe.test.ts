// The page of the families is what their tables say.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { formatMetrics } from './describe.js';

test('docs/reference/metrics.md is what the tables say: npm run gen writes it', () => {
  const page = readFileSync(new URL('../../../../docs/reference/metrics.md', import.meta.url), 'utf8');
  assert.equal(page, formatMetrics());
});
