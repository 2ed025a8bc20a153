// ctvirt on a libvirt's URI: what it cannot reach and what only ctvirtd has.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { invoke } from '../testing/harness.js';

test('a libvirt that does not answer is told as such, with its URI', async () => {
  const { status, err } = await invoke(['-c', 'qemu+unix:///system?socket=/nonexistent/socket', 'list']);
  assert.equal(status, 15);
  assert.match(err, /socket=\/nonexistent\/socket/);
});

test('a URI that is none is refused before anything connects', async () => {
  assert.notEqual((await invoke(['-c', 'no uri', 'list'])).status, 0);
});

test('what only ctvirtd has is refused as unsupported', async () => {
  const { status } = await invoke([
    '--connect',
    'test+unix:///default?socket=/nonexistent',
    'template',
    'list',
  ]);
  assert.equal(status, 9);
});
