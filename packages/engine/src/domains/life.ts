// What happened to a domain: as it was noted, with the limits that it met, in one order.
// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import type { Job, LifeEntry } from '@ctvirt/api';
import type { ResourceOptions } from '@ctvirt/formats';
import type { Domain } from '@ctvirt/xml';
import type { Engine } from '../contract.js';
import { timeIn } from '../history/answer.js';
import type { Keeper } from '../history/keeper.js';
import type { Lives } from '../life/lives.js';
import { changeWords } from '../registry/changes.js';
import type { DomainEvents } from '../registry/events.js';
import type { Entry } from '../registry/registry.js';
import type { Turns } from './turns.js';

/** Dependencies of `lifeOperation`. */
export interface LifeParts {
  readonly turns: Turns;
  readonly lives: Lives;
  readonly keeper: Keeper;
}

/** Refusals of one resource that follow each other within this time are told as one. */
const APART_MS = 600_000;

/** The engine's operation on it. */
export function lifeOperation({ turns, lives, keeper }: LifeParts): Pick<Engine, 'life'> {
  return {
    life: (ref, { since, last } = {}) => {
      const { record } = turns.find(ref);
      const sinceMs = since === undefined ? undefined : timeIn(since, 'since');
      const all = withWalls(lives.of(record.uuid), wallsOf(record, keeper));
      const wanted =
        sinceMs === undefined ? all : all.filter(({ at, until }) => Date.parse(until ?? at) >= sinceMs);
      return last === undefined ? wanted : wanted.slice(-last);
    },
  };
}

/** Limits that were met are in the domain's history, where they are told from each other by thousands. */
function wallsOf({ uuid, name }: Entry['record'], keeper: Keeper): LifeEntry[] {
  const walls: LifeEntry[] = [];
  for (const { atMs, resource, rise } of keeper.walls(uuid)) {
    const at = new Date(atMs).toISOString();
    walls.push({
      ...{ at, until: null, event: 'beancounter', detail: resource, name, by: null, words: null },
      ...{ refused: rise, job: null },
    });
  }
  return walls;
}

/** Each of the two stays in its own order, also where the clock was set back amid it. */
export function withWalls(noted: readonly LifeEntry[], walls: readonly LifeEntry[]): LifeEntry[] {
  const all: LifeEntry[] = [];
  let next = 0;
  const takeUntil = (at: string | undefined): void => {
    for (let wall = walls[next]; wall !== undefined; wall = walls[++next]) {
      if (at !== undefined && wall.at >= at) return;
      takeWall(all, wall);
    }
  };
  for (const entry of noted) {
    takeUntil(entry.at);
    all.push(entry);
  }
  takeUntil(undefined);
  return all;
}

/** It is one with refusals of the same resource just before, unless something else happened between. */
function takeWall(all: LifeEntry[], wall: LifeEntry): void {
  for (let at = all.length - 1; all[at]?.event === 'beancounter'; at--) {
    const before = all[at];
    if (before?.detail !== wall.detail) continue;
    if (Date.parse(wall.at) - Date.parse(before.until ?? before.at) > APART_MS) break;
    all[at] = { ...before, until: wall.at, refused: (before.refused ?? 0) + (wall.refused ?? 0) };
    return;
  }
  all.push(wall);
}

/** Notes what is told of domains while it happens; what is changed of one is noted where both documents are known. */
export function noteEvents(events: DomainEvents, lives: Lives): void {
  /** What those are called until now that are being renamed. */
  const names = new WeakMap<Entry, string>();
  events.listen((told, entry) => {
    const { event, detail } = told;
    switch (event) {
      case 'changed':
      case 'beancounter':
        return;
      case 'job':
        return noteJob(lives, entry, told.job);
      case 'stopped':
        return lives.note(entry, { event, detail, words: entry.record.lastEnd?.how ?? null });
      case 'defined':
        // By whoever has both documents.
        if (detail === 'updated') return;
        return lives.note(entry, {
          event,
          detail,
          words: (detail === 'renamed' && names.get(entry)) || null,
        });
      case 'undefined':
        if (detail === 'renamed') return void names.set(entry, told.domain.name);
        return lives.note(entry, { event, detail });
      default:
        return lives.note(entry, { event, detail });
    }
  });
}

/** Notes what differs between two documents of a domain; nothing if nothing does. One that cannot be read any more says nothing of it. */
export function noteChange(
  entry: Entry,
  how: Pick<LifeEntry, 'event' | 'detail'>,
  documents: { readonly before: Domain | undefined; readonly after: Domain },
  { lives, facts }: { readonly lives: Pick<Lives, 'note'>; readonly facts: ResourceOptions },
): void {
  const { before, after } = documents;
  if (isDeepStrictEqual(before, after)) return;
  const words = before === undefined ? '' : changeWords(before, after, facts);
  lives.note(entry, { ...how, words: words || null });
}

/** A snapshot that was made, or gone back to, is noted by its name. */
export function noteJob(lives: Lives, entry: Parameters<Lives['note']>[0], job: Job): void {
  const { id, kind, state, error, peer, by } = job;
  if (state === 'running' || (state === 'done' && (kind === 'snapshot' || kind === 'revert'))) return;
  lives.note(entry, { event: 'job', detail: `${kind} ${state}`, words: error ?? peer, job: id, by });
}
