// How long others wait for work that is done in slices: one slice of all of it together.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSliceOver, nextSlice } from './slices.js';

/** Takes a millisecond at least. */
function step(): void {
  const began = performance.now();
  while (performance.now() - began < 1);
}

/** How many steps there were in each turn of the loop while `work` went on. */
async function stepsByTurn(work: (stepped: () => void) => Promise<void>): Promise<number[]> {
  const turns: number[] = [];
  let steps = 0;
  let isOver = false;
  const look = (): void => {
    turns.push(steps);
    steps = 0;
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  await work(() => {
    step();
    steps++;
  });
  isOver = true;
  return turns;
}

async function longWork(stepped: () => void, steps = 20): Promise<void> {
  for (let at = 0; at < steps; at++) {
    stepped();
    if (isSliceOver()) await nextSlice();
  }
}

test('work that begins where other work has ended has what that left of the slice', async () => {
  const turns = await stepsByTurn(async (stepped) => {
    for (let at = 0; at < 10; at++) await longWork(stepped, 2);
  });
  assert.ok(Math.max(...turns) <= 4, String(turns));
});

test('five that work at once hold others up for one slice, and a step of each', async () => {
  const turns = await stepsByTurn(async (stepped) => {
    await Promise.all(Array.from({ length: 5 }, () => longWork(stepped)));
  });
  assert.ok(Math.max(...turns) <= 8, String(turns));
});
