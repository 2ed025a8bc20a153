// What programs of the host have written is told while they write it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFault } from '../errors.js';
import { run } from './run.js';

test('how much a program has written is told now and then, and each time more', async () => {
  const told: number[] = [];
  const endless = run(['/usr/bin/yes'], { timeoutMs: 900, onWritten: (bytes) => void told.push(bytes) });
  await assert.rejects(endless, (error) => isFault(error, 'host-command'));
  assert.ok(told.length >= 2, String(told));
  assert.ok(told.every((bytes, at) => bytes > (told[at - 1] ?? 0)));
});
