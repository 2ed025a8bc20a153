// Until when a snapshot may be wanted, and how much may be said of it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkDescription, expiryOf } from './snapshot-words.js';

const now = new Date('2026-11-30T12:00:00Z');

test('an expiry is a time to come that can be shown', () => {
  for (const [text, time] of [
    ['2026-12-31T00:00:00Z', '2026-12-31T00:00:00.000Z'],
    ['2026-12-31T00:00:00+02:00', '2026-12-30T22:00:00.000Z'],
    ['2027-01-01', '2027-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59.000Z'],
  ] as const)
    assert.equal(expiryOf(text, now), time);
  for (const text of ['1999-01-01', '2026-11-30T12:00:00Z'])
    assert.throws(() => expiryOf(text, now), { code: 'invalid', message: /that is over/ }, text);
  for (const text of [
    ...[
      '999999-01-01T00:00:00Z',
      '+010000-01-01',
      '9999-12-31T23:59:59-05:00',
      '2026-13-01',
      'soon',
      '7d',
      '',
    ],
  ])
    assert.throws(() => expiryOf(text, now), { code: 'invalid', message: /is no time/ }, text);
});

test('a description has a bound, which is told', () => {
  checkDescription(null);
  checkDescription('x'.repeat(4096));
  assert.throws(() => checkDescription('x'.repeat(100_000)), {
    message: /4096 characters at most, not 100000/,
  });
});
