// What a program wrote for a terminal, as text.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plain } from './plain.js';

test('colours, titles and moves of the cursor are gone, words stay', () => {
  const written = '\u001b[1;32mok\u001b[0m\r\n\u001b]0;title\u0007ready\u001b[2J\u0007 #\n';
  assert.equal(plain(written), 'ok\nready #\n');
  assert.equal(plain('<b>as it is</b> ü'), '<b>as it is</b> ü');
});
