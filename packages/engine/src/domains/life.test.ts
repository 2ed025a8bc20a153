// Limits that were met stand among what was noted, in one order.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LifeEntry } from '@ctvirt/api';
import { withWalls } from './life.js';

const entry = (
  minute: number,
  event: LifeEntry['event'],
  detail: string,
  refused: number | null,
): LifeEntry => ({
  at: new Date(minute * 60_000).toISOString(),
  ...{ until: null, event, detail, name: 'web', by: null, words: null, refused, job: null },
});
const noted = (minute: number, detail: string) => entry(minute, 'changed', detail, null);
const wall = (minute: number, resource: string, rise = 1) => entry(minute, 'beancounter', resource, rise);
const minuteOf = (at: string | null) => (at === null ? null : Date.parse(at) / 60_000);
const told = (all: readonly LifeEntry[]) =>
  all.map(({ at, until, detail, refused }) => [minuteOf(at), minuteOf(until), detail, refused]);

test('refusals that follow each other are one, unless something happens between', () => {
  const walls = [
    wall(1, 'numproc'),
    wall(2, 'kmemsize', 5),
    wall(3, 'numproc', 4),
    wall(5, 'numproc'),
    wall(30, 'numproc'),
  ];
  assert.deepEqual(told(withWalls([noted(0, 'a'), noted(4, 'b')], walls)), [
    [0, null, 'a', null],
    [1, 3, 'numproc', 5],
    [2, null, 'kmemsize', 5],
    [4, null, 'b', null],
    [5, null, 'numproc', 1],
    [30, null, 'numproc', 1],
  ]);
});

test('each keeps its own order where the clock was set back', () => {
  const all = withWalls([noted(50, 'a'), noted(10, 'b')], [wall(51, 'numproc'), wall(11, 'numproc')]);
  assert.deepEqual(
    all.filter(({ event }) => event === 'changed').map(({ detail }) => detail),
    ['a', 'b'],
  );
  assert.equal(
    all.reduce((sum, { refused }) => sum + (refused ?? 0), 0),
    2,
  );
});
