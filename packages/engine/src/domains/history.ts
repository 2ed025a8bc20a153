// What was found of running domains by looks that somebody else has taken, and what is kept of them.
// SPDX-License-Identifier: Apache-2.0
import type { DomainNow, History } from '@ctvirt/api';
import { maxMemoryKiB } from '@ctvirt/xml';
import type { Engine } from '../contract.js';
import type { Keeper } from '../history/keeper.js';
import { isSeries, namedValues, unknown } from '../history/series.js';
import type { Sweep } from '../history/sweep.js';
import { type Uncounted, uncountedBy } from '../host/uncounted.js';
import type { Quotas } from '../quota/quotas.js';
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
  readonly quotas: Pick<Quotas, 'uncounted'>;
  readonly cgroups: { readonly version: 1 | 2 };
}

/** The engine's operations on it. */
export function historyOperations(parts: HistoryParts): Engine['history'] {
  const { turns, registry, sweep, keeper, cgroups } = parts;
  const running = (): Entry[] => registry.here().filter((entry) => entry.running !== undefined);
  return {
    now: () => running().flatMap((entry) => nowOf(entry, parts)),
    onLook: (listener) => sweep.listen(listener),
    of: (ref, query = {}) => {
      const entry = turns.find(ref);
      return explained(keeper.of(entry.record, query), uncountedOf(entry, parts));
    },
    ofHost: (query = {}) =>
      explained(
        keeper.ofHost(
          registry.here().map(({ record }) => record),
          query,
        ),
        uncountedBy(cgroups.version),
      ),
  };
}

function uncountedOf(entry: Entry, { documents, quotas, cgroups }: HistoryParts): Uncounted {
  const domain = documents.known(entry);
  const disk = domain && quotas.uncounted(entry, domain);
  return { ...uncountedBy(cgroups.version), ...(disk !== undefined && { disk }) };
}

/** Series that nothing is known of, each with why, if it cannot be known. */
const explained = ({ series, ...told }: History, why: Uncounted): History => ({
  ...told,
  series: Object.fromEntries(
    Object.entries(series).map(([name, points]) => [
      name,
      isSeries(name) && points.average.every((value) => value === null)
        ? { ...points, why: why[name] ?? null }
        : points,
    ]),
  ),
});

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
    passed: seen.passed,
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
