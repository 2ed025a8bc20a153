// Rounds follow each other, whatever becomes of one, until they are closed.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Rounds } from './rounds.js';

test('a round waits for the one before, and fails for itself alone', async () => {
  const seen: string[] = [];
  let underWay = 0;
  const rounds = new Rounds({
    everyMs: 1,
    round: async () => {
      assert.equal(underWay++, 0, 'two at once');
      await sleep(5);
      underWay--;
      if (seen.push('round') === 1) throw new Error('the first');
      if (seen.length === 4) rounds.close();
    },
    failed: (error) => seen.push(String(error)),
  });
  rounds.open();
  while (seen.length < 4) await sleep(1);
  await sleep(30);
  assert.deepEqual(seen, ['round', 'Error: the first', 'round', 'round']);
});
