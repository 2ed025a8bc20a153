// One thing that happened to a domain, as it is kept: a line of JSON.
// SPDX-License-Identifier: Apache-2.0
import type { LifeEntry } from '@ctvirt/api';

/** What whoever made it happen tells of it. */
export type Happening = Pick<LifeEntry, 'event' | 'detail'> &
  Partial<Pick<LifeEntry, 'words' | 'job' | 'by'>>;

type Kept = Happening & Pick<LifeEntry, 'at' | 'name' | 'by'>;

/** The compiler sees to it that none is missing. */
const events: Readonly<Record<LifeEntry['event'], true>> = {
  defined: true,
  undefined: true,
  started: true,
  unstarted: true,
  suspended: true,
  resumed: true,
  asked: true,
  stopped: true,
  changed: true,
  snapshot: true,
  job: true,
  beancounter: true,
};

/** An error may have what a program printed in it. */
const MOST_CHARACTERS = 1000;

/** What is null is left out. */
export function lineOf({ words = null, ...kept }: Kept): string {
  const told = { ...kept, words: words?.slice(0, MOST_CHARACTERS) };
  return JSON.stringify(told, (_key, value: unknown) => value ?? undefined);
}

/** Undefined for a line that was not written to its end, or by whatever else. */
export function entryIn(line: string): LifeEntry | undefined {
  const { at, event, detail, name, by = null, words = null, job = null } = objectIn(line);
  if (!isTime(at) || !isEvent(event) || !isText(detail) || !isText(name)) return undefined;
  if (!isTextOrNull(by) || !isTextOrNull(words) || !isTextOrNull(job)) return undefined;
  return { at, until: null, event, detail, name, by, words, refused: null, job };
}

function objectIn(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {}; // torn
  }
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isTextOrNull = (value: unknown): value is string | null => value === null || isText(value);
const isTime = (value: unknown): value is string => isText(value) && !Number.isNaN(Date.parse(value));
const isEvent = (value: unknown): value is LifeEntry['event'] =>
  isText(value) && Object.hasOwn(events, value);
