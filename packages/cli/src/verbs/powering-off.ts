// Domains asked to power off, one or many at a time: waited for, and ended at once where that is wanted.
// SPDX-License-Identifier: Apache-2.0
import { setMaxListeners } from 'node:events';
import { ApiError, type DomainSummary } from '@ctvirt/api';
import type { ApiClient } from '@ctvirt/api/node';
import { inStartOrder } from '@ctvirt/formats';
import { Endings } from './endings.js';

/** How long a domain may take to power off, and what becomes of one that does not. */
export interface Patience {
  /** How long each gets; undefined if nobody waits. */
  readonly waitMs: number | undefined;
  /** Whether one that has not obeyed by then is destroyed. */
  readonly destroy: boolean;
  readonly signal: AbortSignal;
}

/** To ask or to end many is work for the daemon, of which each must see its own in time; to wait for them is none. */
const AT_ONCE = 16;

/** Lets so many go on at a time. */
class Turns {
  readonly #waiting: (() => void)[] = [];
  constructor(private left: number) {}

  async take<T>(operation: () => Promise<T>): Promise<T> {
    if (this.left === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.left--;
    try {
      return await operation();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.left++;
      else next();
    }
  }
}

/** How many are waited for, and told by what. */
interface Crowd {
  readonly turns: Turns;
  readonly endings: Endings | undefined;
}

/** Returns what became of the domain; rejects if it runs on and should not. */
export async function powerOff(
  client: ApiClient,
  before: DomainSummary,
  { waitMs, destroy, signal }: Patience,
  { turns, endings }: Crowd = { turns: new Turns(1), endings: undefined },
): Promise<DomainSummary> {
  const domain = before.uuid;
  const ask = () => turns.take(() => client.domains.shutdown({ domain }, { signal }));
  const asked =
    endings === undefined || waitMs === undefined
      ? client.domains.shutdown({ domain, waitMs }, { signal })
      : endings.after(before, waitMs, ask);
  const obeyed = await asked.catch((error: unknown) => {
    if (destroy && isOf(error, 'timeout')) return undefined;
    throw error;
  });
  if (obeyed !== undefined && !destroy) return obeyed;
  // One that has obeyed, too: by its on_poweroff it may be back already.
  const end = () => client.domains.destroy({ domain }, { signal }).catch(ignoreEnded);
  const destroyed = await turns.take(end);
  return destroyed ?? obeyed ?? endedOf(before);
}

/** What became of one of many: its summary, after a failure that of before. */
export interface Outcome {
  readonly domain: DomainSummary;
  /** Why it may still run. */
  readonly error?: unknown;
}

/**
 * All at once or so many at a time, the first of the list first; after the signal the rest is left as it is. Where they are waited
 * for, those that start last go first, and those of an earlier order when all of these have ended.
 */
export async function powerOffAll(
  client: ApiClient,
  domains: readonly DomainSummary[],
  patience: Patience,
  { parallel, onOutcome }: { parallel: number | undefined; onOutcome: () => void },
): Promise<Outcome[]> {
  // Each that is waited for listens to it.
  setMaxListeners(0, patience.signal);
  const outcomes: Outcome[] = [];
  using endings = await Endings.open(client, patience.signal);
  const crowd = { turns: new Turns(AT_ONCE), endings };
  // Without tidings each that is waited for takes a connection.
  const most = parallel ?? (endings === undefined ? AT_ONCE : domains.length);
  const worker = async (waiting: DomainSummary[]): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      outcomes.push(await outcomeOf(client, next, patience, crowd));
      onOutcome();
    }
  };
  const groups = patience.waitMs === undefined ? [[...domains]] : inStartOrder(domains).reverse();
  for (const waiting of groups) await Promise.all(Array.from({ length: most }, () => worker(waiting)));
  return outcomes;
}

async function outcomeOf(
  client: ApiClient,
  domain: DomainSummary,
  patience: Patience,
  crowd: Crowd,
): Promise<Outcome> {
  try {
    // A suspended one hears nothing.
    if (domain.state === 'paused') await client.domains.resume({ domain: domain.uuid }, patience);
    return { domain: await powerOff(client, domain, patience, crowd) };
  } catch (error) {
    // Since it was listed.
    return isEnded(error) ? { domain: endedOf(domain) } : { domain, error };
  }
}

const isOf = (error: unknown, ...codes: readonly ApiError['code'][]): boolean =>
  error instanceof ApiError && codes.includes(error.code);

/** It is off, and if it was transient there is nothing left of it. */
const isEnded = (error: unknown): boolean => isOf(error, 'wrong-state', 'not-found');

function ignoreEnded(error: unknown): undefined {
  if (!isEnded(error)) throw error;
}

const endedOf = (domain: DomainSummary): DomainSummary => ({
  ...domain,
  id: null,
  state: 'shutoff',
  reason: 'shutdown',
});
