// Times, medians and how they are written.
// SPDX-License-Identifier: Apache-2.0

/** Milliseconds that `work` takes. */
export async function timed(work) {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Runs the sides by turns, each first in every other round, so that what else the machine does meets both alike.
 * A side is `() => Promise<milliseconds>`; the answer holds each side's times.
 */
export async function byTurns(rounds, sides, note = () => {}) {
  const names = Object.keys(sides);
  const times = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    note(`round ${round + 1} of ${rounds}`);
    for (const name of round % 2 === 0 ? names : names.toReversed()) times[name].push(await sides[name]());
  }
  return times;
}

/** Runs `work(item)` for all items, `width` of them at a time. */
export async function sideBySide(width, items, work) {
  const waiting = [...items];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

export const ms = (value) =>
  value < 10_000 ? `${value.toFixed(value < 100 ? 1 : 0)} ms` : `${(value / 1000).toFixed(1)} s`;
export const mb = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`;
