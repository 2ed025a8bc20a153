// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { withDaemon } from '../testing/harness.js';

const { ctvirt } = withDaemon();

test('a time limit on events holds, whatever memory is given back meanwhile', {
  timeout: 120_000,
}, async () => {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  assert.ok(typeof collect === 'function');
  const collecting = setInterval(() => collect(), 20);
  try {
    const { status, err } = await ctvirt('events --timeout 1');
    assert.deepEqual([status, err], [0, 'events received: 0\n']);
  } finally {
    clearInterval(collecting);
  }
});
