// Times, medians and how they are written.
// SPDX-License-Identifier: Apache-2.0

/**
 * One line of the table: what was measured here and on the other side, and what was to be reached; more of it goes into --json.
 * @typedef {object} Figures
 * @property {string} what
 * @property {string} ours
 * @property {string} [theirs]
 * @property {number} [ratio]
 * @property {string} [reach]
 * @property {boolean} [ok]
 *
 * @typedef {Figures & Readonly<Record<string, unknown>>} Result
 *
 * What is measured by one name.
 * @typedef {object} Row
 * @property {string} name
 * @property {(order: { note: import('../scripts/steps.mjs').Note, rounds?: number, count?: number }) => Promise<Result[]>} run
 */

/**
 * Milliseconds that `work` takes.
 *
 * @param {() => unknown} work
 */
export async function timed(work) {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** @returns {number[]} */
const noTimes = () => [];

/**
 * Runs the sides by turns, each first in every other round, so that what else the machine does meets both alike.
 *
 * @template {string} S
 * @param {number} rounds
 * @param {Readonly<Record<S, () => number | Promise<number>>>} sides each returns milliseconds
 * @param {import('../scripts/steps.mjs').Note} [note]
 * @returns {Promise<Record<S, number[]>>} each side's times
 */
export async function byTurns(rounds, sides, note = () => undefined) {
  const names = /** @type {S[]} */ (Object.keys(sides));
  const times = /** @type {Record<S, number[]>} */ (
    Object.fromEntries(names.map((name) => [name, noTimes()]))
  );
  for (let round = 0; round < rounds; round++) {
    note(`round ${round + 1} of ${rounds}`);
    for (const name of round % 2 === 0 ? names : names.toReversed()) times[name].push(await sides[name]());
  }
  return times;
}

/**
 * Runs `work(item)` for all items, `width` of them at a time.
 *
 * @template T
 * @param {number} width
 * @param {readonly T[]} items
 * @param {(item: T) => Promise<unknown>} work
 */
export async function sideBySide(width, items, work) {
  const waiting = [...items];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

/** @param {number} value */
export const ms = (value) =>
  value < 10_000 ? `${value.toFixed(value < 100 ? 1 : 0)} ms` : `${(value / 1000).toFixed(1)} s`;
/** @param {number} bytes */
export const mb = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`;
