// What programs of the host have written is told while they write it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from './run.js';

test('how much a program has written is told now and then, and each time more', async () => {
  const told: number[] = [];
  const enough = new AbortController();
  const onWritten = (bytes: number): void => {
    if (told.push(bytes) === 3) enough.abort();
  };
  const { signal } = enough;
  await assert.rejects(run(['/usr/bin/yes'], { signal, onWritten }), { name: 'AbortError' });
  assert.ok(told.every((bytes, at) => bytes > (told[at - 1] ?? 0)));
});
