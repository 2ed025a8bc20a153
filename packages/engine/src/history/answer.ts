// What somebody wants to see of a history: which series, between which times, in how many points.
// SPDX-License-Identifier: Apache-2.0
import type { History, SeriesName, WallHit } from '@ctvirt/api';
import type { HistoryQuery } from '../contract.js';
import { EngineError } from '../errors.js';
import { joined, LOOK_MS, type Past, stampAt, type Tier } from './past.js';
import type { Row } from './ring.js';
import { isSeries, known, series, unitOf, type Values } from './series.js';

/** What is wanted. */
export interface Wanted {
  readonly names: readonly SeriesName[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly points: number;
}

const MOST_POINTS = 2000;
const HOUR_MS = 3_600_000;
/** How far back each goes, and how long its steps are. */
const reaches = [
  { tier: 'looks', reachMs: HOUR_MS, stepMs: LOOK_MS },
  { tier: 'minutes', reachMs: 26 * HOUR_MS, stepMs: 60_000 },
  { tier: 'halfHours', reachMs: 32 * 24 * HOUR_MS, stepMs: 1_800_000 },
] as const satisfies readonly { tier: Tier; reachMs: number; stepMs: number }[];

/** Throws `invalid` for what is no time, no series, or ends before it begins. */
export function wantedOf(query: HistoryQuery, nowMs: number): Wanted {
  const toMs = Math.min(nowMs, query.to === undefined ? nowMs : timeIn(query.to, 'to'));
  const fromMs = query.from === undefined ? toMs - HOUR_MS : timeIn(query.from, 'from');
  if (fromMs >= toMs)
    throw new EngineError('invalid', 'from: it is not before the end, which is now or what `to` says');
  const points = query.points ?? MOST_POINTS;
  if (!Number.isInteger(points) || points < 1 || points > MOST_POINTS)
    throw new EngineError('invalid', `points: 1 to ${MOST_POINTS}, not ${points}`);
  return { names: namesIn(query.series), fromMs, toMs, points };
}

/** Throws `invalid` for what is no time. */
export function timeIn(text: string, what: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms) || ms < 0)
    throw new EngineError('invalid', `${what}: '${text}' is no time: one is written as 2026-11-30T12:00:00Z`);
  return ms;
}

function namesIn(text: string | undefined): readonly SeriesName[] {
  if (text === undefined) return series;
  return text.split(',').map((name) => {
    if (isSeries(name)) return name;
    throw new EngineError('invalid', `series: there is no '${name}'; there are: ${series.join(', ')}`);
  });
}

/** The finest tier that reaches back so far; what is older than all is not there. */
export function pointsOf(past: Past, wanted: Wanted, nowMs: number) {
  const { names, fromMs, toMs, points } = wanted;
  const { tier, reachMs, stepMs } =
    reaches.find((one) => nowMs - fromMs <= one.reachMs + one.stepMs) ?? reaches[2];
  // The ten seconds that have begun are looked at when they are over.
  const endMs = tier === 'looks' ? (stampAt(toMs) + 1) * stepMs : toMs;
  const from = Math.floor(Math.max(fromMs, nowMs - reachMs) / stepMs);
  const { first, join, count } = groupsOf(from, Math.ceil(endMs / stepMs), points);
  const rows = count === 0 ? [] : past.rows(tier, first, first + count * join - 1);
  const steps = Array.from({ length: count }, (_, at) => joined(rows.slice(at * join, (at + 1) * join)));
  const found = past.newest(toMs);
  const newest = found !== undefined && found.atMs > fromMs ? found : undefined;
  return {
    from: new Date(first * stepMs).toISOString(),
    to: new Date((first + count * join) * stepMs).toISOString(),
    stepSeconds: (join * stepMs) / 1000,
    lastAt: newest === undefined ? null : new Date(newest.atMs).toISOString(),
    series: Object.fromEntries(names.map((name) => [name, columnOf(name, steps, newest?.values)])),
  } satisfies Omit<History, 'name' | 'uuid' | 'walls'>;
}

/** All steps from one to before another in so many groups at most, each of as many steps; the last one may have room left. */
function groupsOf(from: number, end: number, points: number) {
  const length = Math.max(0, end - from);
  const join = Math.max(1, Math.ceil(length / points));
  // Where there is a point to spare, groups end at multiples: what is joined stays joined when it is asked for again a little later.
  const isSteady = Math.floor((length - 2) / join) + 2 <= points;
  const last = isSteady ? Math.ceil(end / join) * join : end;
  const count = length === 0 ? 0 : Math.ceil((last - from) / join);
  return { first: last - count * join, join, count };
}

function columnOf(name: SeriesName, steps: readonly (Row | undefined)[], newest: Values | undefined) {
  const at = series.indexOf(name);
  return {
    unit: unitOf(name),
    average: steps.map((row) => known(row?.average[at])),
    most: steps.map((row) => known(row?.most[at])),
    last: known(newest?.[at]),
    why: null,
  };
}

/** Limits that were met between the two times. */
export const wallsOf = (name: string, past: Past, { fromMs, toMs }: Wanted): WallHit[] =>
  past.file.walls
    .all()
    .flatMap(({ atMs, resource, rise, failcnt }) =>
      atMs < fromMs || atMs > toMs
        ? []
        : [{ at: new Date(atMs).toISOString(), domain: name, resource, rise, failcnt }],
    );
