// Times of schedules that are asked for again and again: what is remembered is what would be worked out.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NextTimes, nextTime } from './times.js';

const zone = 'Europe/Berlin';
const MINUTE_MS = 60_000;

test('in two weeks with the end of summer time each moment has the next time that it has by itself', () => {
  const next = new NextTimes(zone);
  const schedules = ['@hourly', '@daily', '30 2 * * *', '*/7 1-5 * * 1-5'];
  const start = Date.parse('2026-10-20T00:00:00Z');
  for (let at = 0; at < 14 * 24 * 60; at += 13) {
    const after = new Date(start + at * MINUTE_MS);
    for (const when of schedules)
      assert.deepEqual(
        next.after(when, after),
        nextTime(when, after, zone),
        `${when} ${after.toISOString()}`,
      );
  }
});

test('moments in whatever order have theirs', () => {
  const next = new NextTimes(zone);
  for (const at of [
    '2026-11-03T10:00:00Z',
    '2026-11-01T10:00:00Z',
    '2026-11-02T23:00:00Z',
    '2026-11-01T23:00:00Z',
  ]) {
    const after = new Date(at);
    assert.deepEqual(next.after('@daily', after), nextTime('@daily', after, zone));
  }
});
