// All domains: a row each, whose numbers change by themselves, so that a change touches what shows it and nothing else.
// SPDX-License-Identifier: Apache-2.0
import type { ApiError, DiskUse, DomainEvent, DomainSummary, UsageLine, Verdicts } from '@ctvirt/api/browser';
import { batch, computed, type Signal, signal } from '@preact/signals';
import { asApiError } from './asked.js';
import { hostNow } from './clock.js';
import { daemon } from './daemon.js';
import { byText } from './order.js';
import { hear, lastLine } from './stream.js';

/** What a running domain used at the last look. */
export interface Use {
  readonly cpu: number | null;
  readonly memory: number | null;
  readonly disk: number | null;
  /** Null without one, and until it is known. */
  readonly diskLimit: number | null;
  readonly startedAt: string | null;
}

/** Refusals of a domain in the last 24 hours. */
export interface Refused {
  readonly total: number;
  /** What was refused last; undefined where only their number is known. */
  readonly resource: string | undefined;
}

/** One domain. */
export interface Row {
  readonly uuid: string;
  readonly is: Signal<DomainSummary>;
  /** What it uses; undefined until that came. */
  readonly use: Signal<Use | undefined>;
  /** What its root holds, as it was found when that was asked last, which is told of those too that nobody counts or that are off. */
  readonly root: Signal<DiskUse | undefined>;
  /** Whether it was given what it was promised; undefined of what does not run, and until that came. */
  readonly verdicts: Signal<Verdicts | undefined>;
  readonly refused: Signal<Refused | undefined>;
}

/** Every domain by name; undefined until they came. */
export const rows = signal<readonly Row[] | undefined>(undefined);
/** Why they did not come. */
export const fault = signal<ApiError | undefined>(undefined);
const isLoaded = signal(false);
const isTold = signal(false);
/** Whether it is known what they use and were given. */
export const isNumbered = computed(() => isLoaded.value && isTold.value);
/** Changes with each change of a state or number: what counts over all rows goes by it. */
export const turn = signal(0);

const byUuid = new Map<string, Row>();
let early: DomainEvent[] | undefined;

const byName = (a: Row, b: Row): number => byText(a.is.peek().name, b.is.peek().name);

/** The domain of this name, UUID or id. */
export const rowOf = (name: string): Row | undefined =>
  rows.value?.find(({ is, uuid }) => is.value.name === name || uuid === name);

function rowFor(summary: DomainSummary): Row {
  const known = byUuid.get(summary.uuid);
  if (known !== undefined) {
    known.is.value = summary;
    return known;
  }
  const row: Row = {
    uuid: summary.uuid,
    is: signal(summary),
    use: signal<Use | undefined>(undefined),
    root: signal<DiskUse | undefined>(undefined),
    verdicts: signal<Verdicts | undefined>(undefined),
    refused: signal<Refused | undefined>(undefined),
  };
  byUuid.set(summary.uuid, row);
  return row;
}

const publish = (): void => {
  rows.value = [...byUuid.values()].sort(byName);
};

/** Asks for all of them: first who there is, then what they use. */
export async function load(): Promise<void> {
  early = [];
  try {
    const summaries = await daemon.domains.list();
    batch(() => {
      const there = new Set(summaries.map(({ uuid }) => uuid));
      for (const uuid of byUuid.keys()) if (!there.has(uuid)) byUuid.delete(uuid);
      for (const summary of summaries) rowFor(summary);
      publish();
      fault.value = undefined;
      const missed = early ?? [];
      early = undefined;
      for (const event of missed) apply(event);
    });
    await loadNow();
    isLoaded.value = true;
    // It may have come before there were any.
    const line = lastLine();
    if (line !== undefined) takeUsage(line);
  } catch (error) {
    fault.value = asApiError(error);
  } finally {
    early = undefined;
  }
}

function takeUsage({ series, domains }: UsageLine): void {
  const [cpu, memory, disk] = ['cpu', 'memory', 'disk'].map((name) => series.indexOf(name));
  batch(() => {
    for (const { uuid, values, refusedInDay, verdicts } of domains) {
      const row = byUuid.get(uuid);
      if (row === undefined) continue;
      const valueAt = (at: number | undefined): number | null => values[at ?? -1] ?? null;
      const { diskLimit = null, startedAt = null } = row.use.peek() ?? {};
      row.use.value = {
        ...{ cpu: valueAt(cpu), memory: valueAt(memory), disk: valueAt(disk) },
        ...{ diskLimit, startedAt },
      };
      if (row.refused.peek()?.total !== refusedInDay)
        row.refused.value =
          refusedInDay === 0 ? undefined : { total: refusedInDay, resource: row.refused.peek()?.resource };
      const { cpu: cpuVerdict, memory: memoryVerdict } = row.verdicts.peek() ?? {};
      if (cpuVerdict !== verdicts?.cpu || memoryVerdict !== verdicts?.memory)
        row.verdicts.value = verdicts ?? undefined;
    }
    isTold.value = true;
    turn.value++;
  });
}

/** What lines of the stream leave out, since it changes seldom. */
async function loadNow(): Promise<void> {
  const domains = await daemon.usage.now();
  batch(() => {
    for (const { uuid, now, disk, startedAt, lastWall, refusedInDay } of domains) {
      const row = byUuid.get(uuid);
      if (row === undefined) continue;
      row.use.value = {
        ...{ cpu: now.cpu, memory: now.memory, disk: now.disk },
        ...{ diskLimit: disk?.limitBytes ?? null, startedAt },
      };
      row.refused.value =
        refusedInDay === 0 ? undefined : { total: refusedInDay, resource: lastWall?.resource };
    }
    turn.value++;
  });
}

/** Asks what each root holds; resolves with when that was. */
export async function loadRoots(signal: AbortSignal): Promise<string> {
  const domains = await daemon.usage.list({}, { signal });
  batch(() => {
    for (const { uuid, disk } of domains) {
      const row = byUuid.get(uuid);
      if (row !== undefined) row.root.value = disk;
    }
    turn.value++;
  });
  return hostNow().toISOString();
}

/** What its root holds and may hold, as far as it is known. */
export const diskOf = ({ use, root }: Row) => ({
  usedBytes: use.value?.disk ?? root.value?.usedBytes ?? null,
  limitBytes: use.value?.diskLimit ?? root.value?.limitBytes ?? null,
});

function apply(event: DomainEvent): void {
  if (early !== undefined) {
    early.push(event);
    return;
  }
  const { domain } = event;
  batch(() => {
    turn.value++;
    if (event.event === 'undefined' && event.detail !== 'renamed') {
      byUuid.delete(domain.uuid);
      publish();
      return;
    }
    const known = byUuid.get(domain.uuid);
    const row = rowFor(domain);
    if (event.event === 'beancounter') {
      row.refused.value = {
        total: (row.refused.peek()?.total ?? 0) + event.beancounter.rise,
        resource: event.beancounter.resource,
      };
    }
    if (event.event === 'stopped') {
      row.verdicts.value = undefined;
      row.refused.value = undefined;
      row.use.value = undefined;
    }
    if (known === undefined || event.event === 'defined') publish();
  });
  if (event.event === 'started') soon();
}

let isAsking = false;

/** What has just begun has numbers a moment later. */
function soon(): void {
  if (isAsking) return;
  isAsking = true;
  setTimeout(() => {
    isAsking = false;
    loadNow().catch(() => undefined); // the next line of the stream has the numbers
  }, 1000);
}

/** Follows what happens, from now on. */
export const followDomains = (): (() => void) =>
  hear((news) => {
    if (news.kind === 'event') apply(news.event);
    else if (news.kind === 'gap') void load();
    else if (news.kind === 'usage') takeUsage(news.usage);
  });
