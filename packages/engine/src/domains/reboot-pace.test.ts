// Five reboots in a minute are free, the next ones wait longer and longer, each domain for itself.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RebootPace } from './reboot-pace.js';

test('a few at once, then with growing pauses, told once; after a quiet minute as at first', () => {
  const pace = new RebootPace();
  const seen = Array.from({ length: 12 }, (_, at) => pace.next('web', at * 100));
  assert.deepEqual(
    seen.map(({ pauseMs }) => pauseMs),
    [0, 0, 0, 0, 0, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000],
  );
  assert.deepEqual(
    seen.flatMap(({ isFirst }, at) => (isFirst ? [at] : [])),
    [5],
  );
  assert.equal(pace.next('other', 1300).pauseMs, 0);
  assert.equal(pace.next('web', 70_000).pauseMs, 0);
});
