// Of the page of parameters.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { formatParameters } from './page.js';
import { resourceRules } from './rules.js';

const path = new URL('../../../../docs/reference/parameters.md', import.meta.url);

test('docs/reference/parameters.md is up to date (npm run gen), and has every parameter once', () => {
  const page = readFileSync(path, 'utf8');
  assert.equal(page, formatParameters(), 'run npm run gen');
  for (const { key } of resourceRules) assert.equal(page.split(`| \`${key}\` |`).length, 2, key);
});
