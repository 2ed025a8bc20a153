// Names of domains.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkName, checkNewName, checkSnapshotName } from './names.js';

test('a name is what libvirt takes for one and a file can be called', () => {
  for (const name of ['105', 'web', 'we b', '..', '-x', 'ünï', '%2f']) checkName(name);
  for (const name of ['', 'a/b', '/', 'a\nb', 'a\tb', 'a\u007fb', 'x'.repeat(65), 'ü'.repeat(33)])
    assert.throws(() => checkName(name), { code: 'invalid' }, JSON.stringify(name));
});

test('a new one is seen as it is', () => {
  for (const name of ['web', 'we b', 'ünï', '東京', 'می\u200cخواهم']) checkNewName(name);
  for (const name of [' ', ' a', 'a ', 'a\u00a0', 'a\u202eb', 'a\u200bb', 'a\ufffdb', '\ud800', 'a\nb']) {
    const error = { code: 'invalid', message: /^the name "?[ -~]+$/ };
    assert.throws(() => checkNewName(name), error, JSON.stringify(name));
  }
});

test('a snapshot is not called as what a revert keeps, nor hidden', () => {
  for (const name of ['before', 'a.b', 'before-revert-2']) checkSnapshotName(name);
  for (const name of ['before-revert', '.a', ' a', 'a/b'])
    assert.throws(() => checkSnapshotName(name), { code: 'invalid' }, name);
});
