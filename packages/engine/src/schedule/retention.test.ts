// Which generations stay, day after day of a month whose clock is ours.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retained } from './retention.js';

const at = (takenAt: string) => ({ takenAt });
const days = (generations: readonly { takenAt: string }[]) =>
  generations.map(({ takenAt }) => takenAt.slice(5, 10));

test('thirty nights of a backup and what is to be kept leave seven days and four weeks', () => {
  let there: { takenAt: string }[] = [];
  for (let day = 1; day <= 30; day++) {
    // One by hand in the afternoon of each third day, too.
    const date = `2026-11-${String(day).padStart(2, '0')}`;
    there.push(at(`${date}T02:00:00.123456789Z`));
    if (day % 3 === 0) there.push(at(`${date}T15:30:00Z`));
    there = retained(there, { daily: 7, weekly: 4 });
    assert.ok(there.length <= 11);
    assert.equal(there[0]?.takenAt.slice(0, 10), date);
  }
  // 30 November 2026 is a Monday: weeks end on Sundays, the 29th, 22nd and 15th.
  assert.deepEqual(days(there), [
    '11-30',
    '11-29',
    '11-28',
    '11-27',
    '11-26',
    '11-25',
    '11-24',
    '11-22',
    '11-15',
  ]);
  assert.equal(
    there.find(({ takenAt }) => takenAt.startsWith('2026-11-27'))?.takenAt,
    '2026-11-27T15:30:00Z',
  );
});

test('what is pruned once at the end is what is left when it is pruned each day', () => {
  const all = Array.from({ length: 90 }, (_, day) =>
    at(new Date(Date.UTC(2026, 0, 1 + day, 2)).toISOString()),
  );
  const keep = { last: 2, daily: 7, weekly: 4, monthly: 2 };
  let daily: { takenAt: string }[] = [];
  for (const one of all) daily = retained([...daily, one], keep);
  assert.deepEqual(days(daily), days(retained(all, keep)));
});

test('days without one do not count, and a host that was off loses nothing', () => {
  const old = [at('2026-01-01T00:00:00Z'), at('2026-01-02T00:00:00Z'), at('2026-01-02T23:59:59Z')];
  assert.deepEqual(retained(old, { daily: 7 }), [old[2], old[0]]);
  assert.deepEqual(days(retained([...old, at('2026-12-31T00:00:00Z')], { daily: 2 })), ['12-31', '01-02']);
});

test('nothing to be kept keeps nothing, and one that counts twice stays once', () => {
  assert.deepEqual(retained([at('2026-01-01T00:00:00Z')], {}), []);
  assert.equal(
    retained([at('2026-01-01T00:00:00Z')], { last: 1, daily: 1, weekly: 1, monthly: 1 }).length,
    1,
  );
});
