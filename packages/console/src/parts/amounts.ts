// What a parameter comes to: as vzctl reads it, in the unit of its beancounter.
// SPDX-License-Identifier: Apache-2.0
import type { BeancounterRow } from '@ctvirt/api/browser';
import { bytes, count } from '../format.js';

type Unit = BeancounterRow['unit'];

const pageBytes = 4096;
const suffixes: Readonly<Record<string, number>> = {
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
  p: pageBytes,
};

/** In the unit of its row: pages are told as what they come to. */
export function amount(unit: Unit, value: number | null, none: string): string {
  if (value === null) return none;
  if (unit === 'count') return count(value);
  return bytes(unit === 'pages' ? value * pageBytes : value);
}

/** Beyond it, and by 32-bit hosts, nothing is limited. */
const mostFinite = 2 ** 53;
const unlimited32 = 2 ** 31 - 1;

/** In the same unit; null is no limit, and undefined what cannot be read. */
function read(unit: Unit, text: string): number | null | undefined {
  if (text === 'unlimited') return null;
  const [, digits, fraction, suffix] = /^(\d{1,40})(\.\d{1,20})?([bkmgtp])?$/i.exec(text) ?? [];
  if (digits === undefined) return undefined;
  if (suffix === undefined) {
    const value = Number(digits);
    if (fraction !== undefined) return undefined;
    return value === unlimited32 || value > mostFinite ? null : value;
  }
  if (unit === 'count') return undefined;
  const size = Math.floor(Number(`${digits}${fraction ?? ''}`) * (suffixes[suffix.toLowerCase()] ?? 1));
  return unit === 'pages' ? Math.floor(size / pageBytes) : size;
}

/** Barrier and limit of what is typed; undefined as long as it cannot be read. */
export function wanted(
  unit: Unit,
  text: string,
): readonly [barrier: number | null, limit: number | null] | undefined {
  const [barrier, limit, ...more] = text
    .trim()
    .split(':')
    .map((part) => read(unit, part));
  if (barrier === undefined || more.length > 0 || (limit === undefined && text.includes(':')))
    return undefined;
  return [barrier, limit === undefined ? barrier : limit];
}

/** What is promised by them, not limited. */
const promises = ['vmguarpages', 'oomguarpages'];

/** Whether a limit is less than what is held: more is refused then. */
export const isBelow = (
  { resource, held }: Pick<BeancounterRow, 'resource' | 'held'>,
  limit: number | null,
): boolean => held !== null && limit !== null && limit < held && !promises.includes(resource);
