// Between which numbers an axis may be marked, so that what it says of each is true.
// SPDX-License-Identifier: Apache-2.0

const binarySteps = Array.from({ length: 50 }, (_, power) => 2 ** power);
const decimalSteps = Array.from({ length: 14 }, (_, power) =>
  [1, 2, 5].map((digit) => Number(`${digit}e${power - 4}`)),
).flat();
/** More marks than that no axis has. */
const mostMarks = 12;

/** Round steps in the unit that numbers are told in: of two marks no step tells the same, which a rounded one would. */
export function stepsFor(tell: (value: number) => string): number[] {
  if (tell(1024).startsWith('1.0 KiB')) return binarySteps;
  return decimalSteps.filter((step) => {
    const told = Array.from({ length: mostMarks }, (_, at) => tell(at * step));
    return new Set(told).size === told.length;
  });
}
