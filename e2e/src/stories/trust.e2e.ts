// A daemon that can be trusted: killed again and again in the middle of its work, it finds every domain in its true state.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kills } from '../campaign/kills.js';
import { seed } from '../world/chance.js';

/** `CTVIRT_KILLS` asks for more, to look for what is rare; `npm run campaign kills` has a thousand, and asks that they met everything. */
const count = Number(process.env['CTVIRT_KILLS'] ?? 60);

test(`${count} kills in the middle of its work (CTVIRT_SEED=${seed})`, async (t) => {
  const { figures, faults } = await kills.run({ count, minutes: 0, seed, note: () => undefined });
  t.diagnostic(figures);
  assert.deepEqual(faults, []);
});
