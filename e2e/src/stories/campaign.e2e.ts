// The campaign in its short form; `npm run campaign` has the one that takes hours. Kills are trust.e2e.ts's and storage-kills.e2e.ts's,
// faults host-faults.e2e.ts's.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parts } from '../campaign/parts.js';
import { seed } from '../world/chance.js';

const elsewhere = new Set(['kills', 'faults', 'storage']);
for (const [name, { what, short, run }] of Object.entries(parts)) {
  if (elsewhere.has(name)) continue;
  test(`${name}: ${what} (CTVIRT_SEED=${seed})`, async (t) => {
    const { done, figures, faults } = await run({ ...short, seed, note: () => undefined });
    t.diagnostic(`${done}: ${figures}`);
    assert.deepEqual(faults, []);
  });
}
