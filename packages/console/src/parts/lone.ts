// Numbers that stand alone between gaps: a line has no length there, and has to be drawn as a point.
// SPDX-License-Identifier: Apache-2.0

/** Whether a number is known there, and none beside it. */
export const isLone = (values: readonly (number | null | undefined)[], at: number): boolean =>
  [at - 1, at, at + 1].every((one) => ((values[one] ?? null) === null) !== (one === at));

/** Where they stand. */
export const loneIn = (values: readonly (number | null | undefined)[]): number[] =>
  values.flatMap((_, at) => (isLone(values, at) ? [at] : []));
