// The engine's fuzz targets for a moment each, as CI runs them; `npm run fuzz` has the long form.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzTargets, runFuzz } from './fuzz.js';
import { readAsLiblxc } from './liblxc-reader.js';

const seed = Number(process.env['CTVIRT_SEED'] ?? 20_261_128);
for (const name of fuzzTargets)
  test(`${name}: no damaged input does harm (seed ${seed})`, async () => {
    const { cases, accepted } = await runFuzz(name, 1, seed);
    assert.ok(accepted > 0 && accepted < cases, `${accepted} of ${cases} were taken: the target says little`);
  });

test('the reader of the tests reads as liblxc does', () => {
  assert.deepEqual(readAsLiblxc('lxc.a = b\n  lxc.c="d "\n#e\n'.replace('#e\n', '')), [
    ['lxc.a', 'b'],
    ['lxc.c', 'd '],
  ]);
  assert.throws(() => readAsLiblxc('lxc.a\n'), /no setting/);
});
