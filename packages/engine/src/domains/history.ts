// What was found of running domains by looks that somebody else has taken, and what is kept of them.
// SPDX-License-Identifier: Apache-2.0
import type { DomainNow } from '@ctvirt/api';
import { maxMemoryKiB } from '@ctvirt/xml';
import type { Engine } from '../contract.js';
import type { Keeper } from '../history/keeper.js';
import { namedValues, unknown } from '../history/series.js';
import type { Sweep } from '../history/sweep.js';
import type { Documents } from '../registry/documents.js';
import { type Entry, type Registry, summaryOf } from '../registry/registry.js';
import type { KnownDomain } from '../view.js';
import type { Turns } from './turns.js';

/** Dependencies of `historyOperations`. */
export interface HistoryParts {
  readonly turns: Turns;
  readonly registry: Registry;
  readonly documents: Documents;
  readonly sweep: Sweep;
  readonly keeper: Keeper;
}

/** The engine's operations on it. */
export function historyOperations(parts: HistoryParts): Engine['history'] {
  const { turns, registry, sweep, keeper } = parts;
  const running = (): Entry[] => registry.here().filter((entry) => entry.running !== undefined);
  return {
    now: () => running().flatMap((entry) => nowOf(entry, parts)),
    onLook: (listener) => sweep.listen(listener),
    of: (ref, query = {}) => keeper.of(turns.find(ref).record, query),
    ofHost: (query = {}) =>
      keeper.ofHost(
        registry.here().map(({ record }) => record),
        query,
      ),
  };
}

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);

/** What the last look at one found; nothing before the first. */
export function knownOf(
  entry: Entry,
  { sweep }: { readonly sweep: Pick<Sweep, 'disk' | 'seen'> },
): KnownDomain | undefined {
  const seen = sweep.seen(entry);
  if (seen === undefined) return undefined;
  const { use, cpu, memory, io, links, refused, ...counted } = seen.look;
  return {
    at: seen.at,
    ...{ use, cpu, memory, io, links, refused },
    waits: {
      throttledNs: orNull(counted.throttledNs),
      cpuNs: orNull(counted.waitedNs),
      memoryNs: orNull(counted.stalledNs),
      ioNs: orNull(counted.ioWaitedNs),
    },
    shortages: {
      reclaims: orNull(counted.reclaims),
      limitHits: orNull(counted.limitHits),
      kills: orNull(counted.kills),
    },
    disk: sweep.disk(entry) ?? null,
  };
}

function nowOf(
  entry: Entry,
  { sweep, keeper, documents }: Pick<HistoryParts, 'sweep' | 'keeper' | 'documents'>,
): DomainNow[] {
  const { running, record } = entry;
  if (running === undefined) return [];
  const seen = sweep.seen(entry);
  const domain = documents.known(entry);
  const { refused, last } = keeper.day(record.uuid);
  return [
    {
      ...summaryOf(entry),
      startedAt: running.startedAt.toISOString(),
      at: seen?.at.toISOString() ?? null,
      now: namedValues(seen?.values ?? unknown),
      maxMemoryKiB: (domain && maxMemoryKiB(domain)) ?? null,
      maxProcesses: seen?.look.use.maxProcesses ?? null,
      disk: sweep.disk(entry) ?? null,
      refusedInDay: refused,
      lastWall:
        last === undefined
          ? null
          : {
              at: new Date(last.atMs).toISOString(),
              domain: record.name,
              resource: last.resource,
              rise: last.rise,
              failcnt: last.failcnt,
            },
    },
  ];
}
