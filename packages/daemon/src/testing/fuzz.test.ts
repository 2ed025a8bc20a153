// The fuzz target of HTTP for a moment, as CI runs it; `npm run fuzz` has the long form.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzHttp } from './fuzz.js';

const seed = Number(process.env['CTVIRT_SEED'] ?? 20_261_128);
test(`no damaged request is a fault of the daemon's (seed ${seed})`, async () => {
  const { requests, accepted } = await fuzzHttp(1.5, seed);
  assert.ok(accepted > 0 && accepted < requests, `${accepted} of ${requests} were accepted`);
});
