// The history of one domain, or of all together: looks of the last hour, what became of them on the disk, and limits that were met.
// SPDX-License-Identifier: Apache-2.0
import type { Ring, Row } from './ring.js';
import { newLooks, type RingFile } from './ring-file.js';
import { averageOf, mostOf, newestOf, type Values } from './series.js';
import type { Hit } from './wall-ring.js';

/** Looks are ten seconds apart. */
export const LOOK_MS = 10_000;
/** A timer may be early by so much. */
const SLACK_MS = 50;
/** The step whose end is now, or was last: what is found now was used in that. */
export const stampAt = (ms: number): number => Math.floor((ms + SLACK_MS) / LOOK_MS) - 1;
/** How long until the step that has begun ends. */
export const leftOfStep = (ms: number): number => (stampAt(ms) + 2) * LOOK_MS - ms;
const IN_MINUTE = 6;
const IN_HALF_HOUR = 30;
const HOUR_MS = 3_600_000;
const HOURS_OF_DAY = 24;

/** The rings that there are, the finest first. */
export const tiers = ['looks', 'minutes', 'halfHours'] as const;
/** One of them. */
export type Tier = (typeof tiers)[number];

/** Limits met within a day. */
export interface Day {
  readonly refused: number;
  readonly last: Hit | undefined;
}

/** The last that is known. */
export interface Newest {
  readonly atMs: number;
  readonly values: Values;
}

/** Keeps one, in memory and in its file. */
export class Past {
  #looks: ReturnType<typeof newLooks> | undefined;
  /** Stamps of the first and the last look of this daemon. */
  #first = Number.POSITIVE_INFINITY;
  #last = 0;
  /** The minute that had begun when this daemon did, as the one before it left it. */
  #before: { readonly minute: number; readonly row: Row | undefined } | undefined;
  #isHealed = false;
  /** Refusals by hour; undefined before they were read. */
  #hours: Map<number, number> | undefined;
  /** When they were last asked for. */
  #hour = 0;
  #lastHit: Hit | undefined;

  constructor(readonly file: RingFile) {}

  look(stamp: number, values: Values): void {
    this.#looks ??= newLooks();
    this.#looks.put(stamp, { average: values, most: values });
    this.#first = Math.min(this.#first, stamp);
    this.#last = stamp;
  }

  /** A minute is over, and with it perhaps half an hour: what was seen of them goes to the disk. */
  keep(minute: number, isHalfHourOver: boolean): void {
    const row = this.#minuteSeen(minute);
    if (row !== undefined) this.file.minutes.put(minute, row);
    if (!this.#isHealed) this.#heal(minute);
    const halfHour = Math.floor(minute / IN_HALF_HOUR);
    if (isHalfHourOver) this.#keepHalfHour(halfHour, this.file.minutes.get(...minutesOf(halfHour)));
    if (this.#looks !== undefined && this.#last < minute * IN_MINUTE - this.#looks.shape.rows)
      this.#looks = undefined;
  }

  hit(hit: Hit): void {
    this.#count(hit);
    this.file.walls.add(hit);
  }

  /** Of the last 24 hours, to the hour. */
  day(nowMs: number): Day {
    const current = Math.floor(nowMs / HOUR_MS);
    // A clock that was set back is amid hours again that were let go of.
    if (current < this.#hour) this.#hours = undefined;
    this.#hour = current;
    this.#readHits();
    let refused = 0;
    for (const [hour, count] of this.#hours ?? [])
      if (hour <= current - HOURS_OF_DAY) this.#hours?.delete(hour);
      // Of before it was set back there are some that are yet to come.
      else if (hour <= current) refused += count;
    return { refused, last: this.#lastHit };
  }

  /** Steps of a tier, from the first stamp to the last one; the one that has begun is told as far as it went. */
  rows(tier: Tier, first: number, last: number): (Row | undefined)[] {
    const { minutes, halfHours } = this.file;
    const minute = Math.floor(this.#last / IN_MINUTE);
    if (tier === 'minutes')
      return minutes
        .get(first, last)
        .map((row, at) => (first + at === minute ? (this.#minuteSeen(minute) ?? row) : row));
    if (tier === 'halfHours') {
      const halfHour = Math.floor(minute / IN_HALF_HOUR);
      return halfHours
        .get(first, last)
        .map((row, at) => (first + at === halfHour ? (this.#halfHourSeen(halfHour) ?? row) : row));
    }
    // What is older than this daemon is told by the minute.
    const from = Math.floor(first / IN_MINUTE);
    const older =
      first < this.#first ? minutes.get(from, Math.floor(Math.min(last, this.#first) / IN_MINUTE)) : [];
    const rows = this.#looks?.get(first, last) ?? Array.from({ length: last - first + 1 }, () => undefined);
    return rows.map((row, at) => {
      const stamp = first + at;
      return row ?? (stamp < this.#first ? older[Math.floor(stamp / IN_MINUTE) - from] : undefined);
    });
  }

  /** What it used last before some time: by its last look, or what is left of it on the disk. */
  newest(beforeMs: number): Newest | undefined {
    const stamp = Math.min(this.#last, stampAt(beforeMs));
    const looked = this.#looks?.get(stamp - IN_MINUTE + 1, stamp) ?? [];
    const at = looked.findLastIndex(isThere);
    // What its last look does not tell, as that after a thaw, the one before it does.
    if (at >= 0)
      return {
        atMs: (stamp - IN_MINUTE + 2 + at) * LOOK_MS,
        values: newestOf(looked.filter(isThere).map(({ average }) => average)),
      };
    return this.#newestOf(this.file.minutes, beforeMs) ?? this.#newestOf(this.file.halfHours, beforeMs);
  }

  #newestOf(ring: Ring, beforeMs: number): Newest | undefined {
    const { rows, stepSeconds } = ring.shape;
    const stepMs = stepSeconds * 1000;
    const last = Math.ceil(beforeMs / stepMs) - 1;
    const found = ring.get(last - rows + 1, last);
    const at = found.findLastIndex(isThere);
    const row = found[at];
    return row && { atMs: Math.min(beforeMs, (last - rows + 2 + at) * stepMs), values: row.average };
  }

  /** Of the minute in which this daemon began, with what is kept of its looks by the one before. */
  #minuteSeen(minute: number): Row | undefined {
    const first = minute * IN_MINUTE;
    const seen = (this.#looks?.get(first, first + IN_MINUTE - 1) ?? []).filter(isThere);
    const missed = Math.min(IN_MINUTE, this.#first - first);
    if (seen.length === 0 || missed <= 0) return joined(seen);
    if (this.#before?.minute !== minute)
      this.#before = { minute, row: this.file.minutes.get(minute, minute)[0] };
    return joined([...Array.from({ length: missed }, () => this.#before?.row), ...seen]);
  }

  #halfHourSeen(halfHour: number): Row | undefined {
    const [from, to] = minutesOf(halfHour);
    return joined(this.rows('minutes', from, to));
  }

  #keepHalfHour(halfHour: number, minutes: readonly (Row | undefined)[]): void {
    const row = joined(minutes);
    if (row !== undefined) this.file.halfHours.put(halfHour, row);
  }

  /** Half hours that were over when no daemon was there any more: their minutes are. */
  #heal(minute: number): void {
    this.#isHealed = true;
    const current = Math.floor(minute / IN_HALF_HOUR);
    const first = current - this.file.minutes.shape.rows / IN_HALF_HOUR + 1;
    const minutes = this.file.minutes.get(first * IN_HALF_HOUR, current * IN_HALF_HOUR - 1);
    for (const [at, row] of this.file.halfHours.get(first, current - 1).entries())
      if (row === undefined)
        this.#keepHalfHour(first + at, minutes.slice(at * IN_HALF_HOUR, (at + 1) * IN_HALF_HOUR));
    this.#readHits();
  }

  #readHits(): void {
    if (this.#hours !== undefined) return;
    this.#hours = new Map();
    for (const hit of this.file.walls.all()) this.#count(hit);
  }

  #count(hit: Hit): void {
    this.#readHits();
    const hour = Math.floor(hit.atMs / HOUR_MS);
    this.#hours?.set(hour, (this.#hours.get(hour) ?? 0) + hit.rise);
    this.#lastHit = hit;
  }
}

const minutesOf = (halfHour: number): [first: number, last: number] => [
  halfHour * IN_HALF_HOUR,
  (halfHour + 1) * IN_HALF_HOUR - 1,
];

const isThere = (row: Row | undefined): row is Row => row !== undefined;

/** Of steps the longer one that they make up; undefined if none of them is there. */
export function joined(rows: readonly (Row | undefined)[]): Row | undefined {
  const there = rows.filter(isThere);
  if (there.length === 0) return undefined;
  return {
    average: averageOf(there.map(({ average }) => average)),
    most: mostOf(there.map(({ most }) => most)),
  };
}
