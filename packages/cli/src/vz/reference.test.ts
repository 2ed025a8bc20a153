// The reference of OpenVZ's programs is what their tables say, and tells of every verb, option and code.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { vzVerbs } from './ctl/verbs.js';
import { vzCodes } from './exit-codes.js';
import { programNames } from './names.js';
import { formatVzctl, vzManPages } from './reference.js';

test('docs/reference/vzctl.md is up to date (npm run gen)', () => {
  const page = readFileSync(new URL('../../../../docs/reference/vzctl.md', import.meta.url), 'utf8');
  assert.equal(page, formatVzctl());
});

test('no two verbs share a name, and no two codes a status', () => {
  const names = vzVerbs.flatMap((verb) => verb.names);
  assert.deepEqual(names, [...new Set(names)]);
  const statuses = Object.values(vzCodes).map(({ status }) => status);
  assert.deepEqual(statuses, [...new Set(statuses)]);
});

test('every program has a manual page', () => {
  const pages = vzManPages();
  assert.deepEqual(
    pages.map(({ name }) => name),
    [...programNames],
  );
  for (const { name, text } of pages) assert.ok(text.startsWith(`.TH ${name.toUpperCase()} 8 `), name);
});
