// Kills of the daemon in the middle of its work where there is cgroup v2 alone: a few here, hundreds in the campaign.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { kills } from '../campaign/kills.js';
import { seed } from '../world/chance.js';

const count = Number(process.env['CTVIRT_KILLS'] ?? 4);

/** A machine that says nothing for long is taken for dead, and a test says nothing before it is over. */
const note = (message: string): void =>
  appendFileSync('/dev/ttyS1', `${JSON.stringify({ kind: 'note', message })}\n`);

suite('a daemon that can be trusted, with cgroup v2', () => {
  test(`${count} kills in the middle of its work (CTVIRT_SEED=${seed})`, async (t) => {
    const { figures, faults } = await kills.run({ count, minutes: 0, seed, note });
    t.diagnostic(figures);
    assert.deepEqual(faults, []);
  });
});
