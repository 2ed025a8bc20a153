// Numbers of history in the units that people read.
// SPDX-License-Identifier: Apache-2.0
import type { HistoryPoints } from '@ctvirt/api';
import { describeBytes } from './wording.js';

const percent = (value: number): string => `${(value * 100).toFixed(value < 0.0995 ? 1 : 0)}%`;

const shown: Readonly<Record<HistoryPoints['unit'], (value: number) => string>> = {
  processors: percent,
  part: percent,
  bytes: describeBytes,
  count: (value) => String(Math.round(value)),
  'bytes/s': (value) => `${describeBytes(value)}/s`,
  'count/s': (value) => `${value.toFixed(value < 9.95 ? 1 : 0)}/s`,
};

/** A dash is what is not known. */
export const describeNumber = (unit: HistoryPoints['unit'], value: number | null | undefined): string =>
  value === null || value === undefined ? '-' : shown[unit](value);

/** What is not known, a line for each reason: `waited, ioWaited: why`. */
export function byReason(
  whys: readonly (readonly [name: string, why: string | null | undefined])[],
): string[] {
  const names = new Map<string, string[]>();
  for (const [name, why] of whys) if (why) names.set(why, [...(names.get(why) ?? []), name]);
  return [...names].map(([why, which]) => `${which.join(', ')}: ${why}`);
}

const two = (value: number): string => String(value).padStart(2, '0');

/** `2026-11-30 12:05:07`, by the clock of whoever reads it. */
export function describeTime(text: string): string {
  const at = new Date(text);
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-');
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
