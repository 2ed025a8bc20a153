// Numbers of 64 bits, of which a document holds those up to 2⁵³ exactly.
// SPDX-License-Identifier: Apache-2.0

const most = BigInt(Number.MAX_SAFE_INTEGER);

/** Whether a document holds the number as it is. */
export const isExact = (value: bigint): boolean => value <= most;

/** What is said of a number that it does not hold. */
export const tooMuch = 'a document holds no number above 2⁵³';

/** A number in full, however large; of a product with a power of two every digit is right. */
export const inFull = (value: number): string =>
  Number.isSafeInteger(value) || !Number.isInteger(value) ? String(value) : BigInt(value).toString();

const powers: Readonly<Record<string, bigint>> = Object.fromEntries(
  ['', 'k', 'm', 'g', 't', 'p', 'e'].map((letter, power) => [letter, 1024n ** BigInt(power)]),
);
/** A page below what a signed 64-bit number holds: from here on the kernel counts no more. */
const withoutLimit = 2n ** 63n - 4096n;

/** Bytes in whole KiB, as control group files have them; 'none' for no limit, undefined for no size. */
export function readKiB(text: string): number | 'none' | undefined {
  const [, whole = '', letter = ''] = /^(\d{1,20})([kmgtpe]?)$/i.exec(text) ?? [];
  const factor = powers[letter.toLowerCase()];
  if (whole === '' || factor === undefined) return undefined;
  const bytes = BigInt(whole) * factor;
  return bytes >= withoutLimit ? 'none' : Number(bytes / 1024n);
}

/** A rate or count of 64 bits; 'none' for one that no document holds, and that nothing reaches. */
export function readAmount(text: string): number | 'none' | undefined {
  if (!/^\d{1,20}$/.test(text)) return undefined;
  const amount = BigInt(text);
  return isExact(amount) ? Number(amount) : 'none';
}
