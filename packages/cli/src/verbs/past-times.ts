// Times of the past as verbs take them: moments, and spans until now.
// SPDX-License-Identifier: Apache-2.0
import { CliError } from '../errors.js';

/** A moment; `option` is what the verb calls it. */
export function timeIn(text: string, option: string): Date {
  const at = new Date(text);
  if (Number.isNaN(at.getTime()))
    throw new CliError('usage', `${option} is a time as 2026-11-30T12:00:00Z, not '${text}'`);
  return at;
}

const seconds = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const;
const isUnit = (text: string): text is keyof typeof seconds => Object.hasOwn(seconds, text);

/** A span in milliseconds; undefined for what is none. */
export function spanIn(text: string): number | undefined {
  const [, number = '', unit = ''] = /^(\d{1,6})([a-z])$/.exec(text) ?? [];
  const length = isUnit(unit) ? Number(number) * seconds[unit] : 0;
  return length === 0 ? undefined : length * 1000;
}

/** A span in milliseconds; `option` is what the verb calls it. */
export function lastIn(text: string, option: string): number {
  const span = spanIn(text);
  if (span === undefined) throw new CliError('usage', `${option} is a time as 30m, 6h or 7d, not '${text}'`);
  return span;
}
