// Long work in slices, between which others have their turn.
// SPDX-License-Identifier: Apache-2.0
import { setImmediate as turn } from 'node:timers/promises';

const SLICE_MS = 3;

/**
 * One clock for all: work that goes on where other work has ended, or beside it, has what that has left of the slice. Each by a clock
 * of its own would be one long turn.
 */
let began = 0;
let next: Promise<void> | undefined;

/** Whether others are due. */
export const isSliceOver = (): boolean => performance.now() - began >= SLICE_MS;

/** Resolves when they have had their turn. */
export function nextSlice(): Promise<void> {
  next ??= turn().then(() => {
    next = undefined;
    began = performance.now();
  });
  return next;
}

/** One after the other: what was true of all before may not be after. */
export async function eachByTurns<T>(all: Iterable<T>, work: (one: T) => void): Promise<void> {
  for (const one of all) {
    if (isSliceOver()) await nextSlice();
    work(one);
  }
}
