// Names of domains.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkName } from './domain-name.js';

test('a name is what libvirt takes for one and a file can be called', () => {
  for (const name of ['105', 'web', 'we b', '..', '-x', 'ünï', '%2f']) checkName(name);
  for (const name of ['', 'a/b', '/', 'a\nb', 'a\tb', 'a\u007fb', 'x'.repeat(65), 'ü'.repeat(33)])
    assert.throws(() => checkName(name), { code: 'invalid' }, JSON.stringify(name));
});
