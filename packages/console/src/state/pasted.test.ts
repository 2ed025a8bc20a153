// Files that were pasted as one text.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filesOf, textOf } from './pasted.js';

test('a text is one file of the name that is given', () => {
  assert.deepEqual(filesOf('NUMPROC="64"\n', '105.conf'), [{ path: '105.conf', text: 'NUMPROC="64"\n' }]);
  assert.deepEqual(filesOf('a\n==> b <==\n', 'x'), [{ path: 'x', text: 'a\n==> b <==\n' }]);
});

test('what tail prints of several files is these files, line by line', () => {
  const printed = '==> web/context <==\n49152\n\n==> web/flags <==\n\n==> web/uts/nodename <==\nweb\n';
  assert.deepEqual(filesOf(printed, 'x'), [
    { path: 'web/context', text: '49152\n' },
    { path: 'web/flags', text: '' },
    { path: 'web/uts/nodename', text: 'web\n' },
  ]);
});

test('files that were chosen are the same files again', () => {
  const files = [
    { path: 'web/context', text: '49152\n' },
    { path: 'web/flags', text: '' },
    { path: 'web/name', text: 'web' },
    { path: 'web/fstab', text: 'none /proc\n\n' },
  ];
  assert.deepEqual(filesOf(textOf(files), 'x'), files);
  assert.equal(textOf(files.slice(0, 1)), '49152\n');
});
