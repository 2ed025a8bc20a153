// What families of several sets have alike: base units, and the two sides of a link.
// SPDX-License-Identifier: Apache-2.0

/** Of KiB; what is not known stays so. */
export const bytes = (kib: number | null | undefined): number | null | undefined => kib && kib * 1024;

/** Of nanoseconds, likewise. */
export const seconds = (ns: number | null | undefined): number | null | undefined => ns && ns / 1e9;

/** As counters, names and help texts have them. */
export const sides = [
  ['rx', 'receive', 'received'],
  ['tx', 'transmit', 'sent'],
] as const;
