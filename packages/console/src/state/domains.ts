// All domains: a row each, whose numbers change by themselves, so that a change touches what shows it and nothing else.
// SPDX-License-Identifier: Apache-2.0
import type { ApiError, DeliveryReport, DomainEvent, DomainSummary, DomainUsage } from '@ctvirt/api/browser';
import { batch, type Signal, signal } from '@preact/signals';
import { asApiError } from './asked.js';
import { daemon } from './daemon.js';
import { hear } from './stream.js';

/** Refusals of a domain since its start. */
export interface Refused {
  readonly total: number;
  /** What was refused most. */
  readonly resource: string;
}

/** One domain. */
export interface Row {
  readonly uuid: string;
  readonly is: Signal<DomainSummary>;
  /** What it uses; undefined until that came. */
  readonly use: Signal<DomainUsage | undefined>;
  readonly given: Signal<DeliveryReport | undefined>;
  readonly refused: Signal<Refused | undefined>;
}

/** Every domain by name; undefined until they came. */
export const rows = signal<readonly Row[] | undefined>(undefined);
/** Why they did not come. */
export const fault = signal<ApiError | undefined>(undefined);
/** Changes with each change of a state or number: what counts over all rows goes by it. */
export const turn = signal(0);

const byUuid = new Map<string, Row>();
let early: DomainEvent[] | undefined;

const byName = (a: Row, b: Row): number =>
  a.is.peek().name.localeCompare(b.is.peek().name, 'en', { numeric: true });

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
    use: signal<DomainUsage | undefined>(undefined),
    given: signal<DeliveryReport | undefined>(undefined),
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
    takeUsage(await daemon.usage.list());
    await Promise.all([loadGiven(), loadRefused()]);
  } catch (error) {
    fault.value = asApiError(error);
  } finally {
    early = undefined;
  }
}

function takeUsage(all: readonly DomainUsage[]): void {
  batch(() => {
    for (const use of all) {
      const row = byUuid.get(use.uuid);
      if (row !== undefined) row.use.value = use;
    }
    turn.value++;
  });
}

async function loadGiven(): Promise<void> {
  const reports = await daemon.guarantees.delivered();
  const byName = new Map(reports.map((report) => [report.name, report]));
  batch(() => {
    for (const row of byUuid.values()) row.given.value = byName.get(row.is.peek().name);
    turn.value++;
  });
}

async function loadRefused(): Promise<void> {
  const reports = await daemon.beancounters.list();
  batch(() => {
    for (const { uuid, rows: counters } of reports) {
      const refused = counters.filter(({ failcnt }) => (failcnt ?? 0) > 0);
      const [most] = refused.toSorted((a, b) => (b.failcnt ?? 0) - (a.failcnt ?? 0));
      const row = byUuid.get(uuid);
      if (row !== undefined && most !== undefined)
        row.refused.value = {
          total: refused.reduce((sum, { failcnt }) => sum + (failcnt ?? 0), 0),
          resource: most.resource,
        };
    }
    turn.value++;
  });
}

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
      row.given.value = undefined;
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
    daemon.usage
      .list({ active: true })
      .then(takeUsage)
      .catch(() => undefined); // the next beat brings them
  }, 1000);
}

let beats = 0;

/** Follows what happens, from now on. */
export const followDomains = (): (() => void) =>
  hear((news) => {
    if (news.kind === 'event') apply(news.event);
    else if (news.kind === 'gap') void load();
    else if (news.kind === 'usage') {
      takeUsage(news.rows);
      // What was given is told over minutes.
      if (beats++ % 3 === 0) loadGiven().catch(() => undefined);
    }
  });
