// Who uses the host: the few numbers of every domain, some at a time.
// SPDX-License-Identifier: Apache-2.0
import type { DomainUsage, TrafficReport } from '@ctvirt/api';
import { maxMemoryKiB } from '@ctvirt/xml';
import { unmeasured } from '../drivers/driver.js';
import type { Guarantees } from '../guarantees/guarantees.js';
import type { Quotas } from '../quota/quotas.js';
import type { Documents } from '../registry/documents.js';
import { type Entry, summaryOf } from '../registry/registry.js';
import type { Traffic } from '../traffic/traffic.js';
import type { Turns } from './turns.js';

/** Dependencies of `eachUsageOf`. */
export interface UsageParts {
  readonly turns: Turns;
  readonly documents: Documents;
  readonly guarantees: Guarantees;
  readonly quotas: Quotas;
  readonly traffic: Traffic;
}

/** Less than it is from one look to the next: what the last one found. */
const RECENT_SECONDS = 5;
const nothingPassed = { inBytes: '0', outBytes: '0' };

/** So many are looked at together: the first are told while the last are not. */
const AT_ONCE = 64;

/** What each of these uses now. */
export async function* eachUsageOf(
  entries: readonly Entry[],
  parts: UsageParts,
): AsyncGenerator<DomainUsage, void, undefined> {
  const passed = new Map((await parts.traffic.report()).map(({ uuid, total }) => [uuid, total]));
  for (let at = 0; at < entries.length; at += AT_ONCE)
    yield* await parts.turns.lookAtEach(entries.slice(at, at + AT_ONCE), (entry) =>
      oneOf(entry, passed.get(entry.record.uuid), parts),
    );
}

async function oneOf(
  entry: Entry,
  total: TrafficReport['total'] | undefined,
  { documents, guarantees, quotas }: UsageParts,
): Promise<DomainUsage> {
  const domain = await documents.live(entry);
  const use = entry.running?.use() ?? unmeasured;
  const { inBytes, outBytes } = total ?? nothingPassed;
  return {
    ...summaryOf(entry),
    ...use,
    startedAt: entry.running?.startedAt.toISOString() ?? null,
    maxMemoryKiB: maxMemoryKiB(domain) ?? null,
    cpuShare: cpuShareOf(entry, use.cpuTimeNs, guarantees),
    disk: await quotas.root(entry, domain, { isAsked: true }),
    traffic: { inBytes, outBytes },
  };
}

function cpuShareOf({ running }: Entry, cpuTimeNs: number | null, guarantees: Guarantees): number | null {
  if (running === undefined) return null;
  const recent = guarantees.cpuShare(running, RECENT_SECONDS);
  if (recent !== null || cpuTimeNs === null) return recent;
  const now = new Date();
  const lastedMs = Math.max(1, now.getTime() - running.startedAt.getTime());
  return cpuTimeNs / 1e6 / lastedMs;
}
