// Numbers behind keys: of whole words at the beginning of a line only.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyed } from './keyed.js';

test('a key is a whole word at the beginning of a line, the first among them', () => {
  const number = keyed('low 4\nmax 900\noom 1\noom_kill 2\noom 7\n');
  assert.deepEqual(['low', 'oom', 'oom_kill', 'ow', 'kill', 'ma'].map(number), [4, 1, 2, null, null, null]);
  assert.equal(keyed('usage 5')('usage'), 5, 'the last line may not end');
  assert.equal(keyed('')('usage'), null);
});
