// Kills amid what is done with whole domains, few and by the same chance each time; `npm run test:kills` has hundreds.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storage } from '../campaign/storage.js';

const seed = Number(process.env['CTVIRT_SEED'] ?? 14);
test(`${storage.what} (CTVIRT_SEED=${seed})`, async (t) => {
  const { done, figures, faults } = await storage.run({ ...storage.short, seed, note: () => undefined });
  t.diagnostic(`${done}: ${figures}`);
  assert.deepEqual(faults, []);
});
