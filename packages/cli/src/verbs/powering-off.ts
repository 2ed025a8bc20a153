// Domains asked to power off, one or many at a time: waited for, and ended at once where that is wanted.
// SPDX-License-Identifier: Apache-2.0
import { type ApiClient, ApiError, type DomainSummary } from '@ctvirt/api';

export interface Patience {
  /** How long each gets; undefined if nobody waits. */
  readonly waitMs: number | undefined;
  /** Whether one that has not obeyed by then is destroyed. */
  readonly destroy: boolean;
  readonly signal: AbortSignal;
}

/** To end many is work for the daemon, of which each must see its own end in time; to wait for them is none. */
const DESTROYED_AT_ONCE = 16;

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

/** Answers what became of the domain; rejects if it runs on and should not. */
export async function powerOff(
  client: ApiClient,
  before: DomainSummary,
  { waitMs, destroy, signal }: Patience,
  turns = new Turns(1),
): Promise<DomainSummary> {
  const domain = before.uuid;
  const obeyed = await client.domains.shutdown({ domain, waitMs }, { signal }).catch((error: unknown) => {
    if (destroy && isOf(error, 'timeout')) return undefined;
    throw error;
  });
  if (obeyed !== undefined && !destroy) return obeyed;
  // One that has obeyed, too: by its on_poweroff it may be back already.
  const destroyed = await turns.take(() => client.domains.destroy({ domain }, { signal }).catch(ignoreEnded));
  return destroyed ?? obeyed ?? endedOf(before);
}

export interface Outcome {
  readonly domain: DomainSummary;
  /** Why it may still run. */
  readonly error?: unknown;
}

/** So many at a time, the first of the list first; after the signal the rest is left as it is. */
export async function powerOffAll(
  client: ApiClient,
  domains: readonly DomainSummary[],
  patience: Patience,
  { parallel, onOutcome }: { parallel: number; onOutcome: () => void },
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const turns = new Turns(DESTROYED_AT_ONCE);
  const waiting = [...domains];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      outcomes.push(await outcomeOf(client, next, patience, turns));
      onOutcome();
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return outcomes;
}

async function outcomeOf(
  client: ApiClient,
  domain: DomainSummary,
  patience: Patience,
  turns: Turns,
): Promise<Outcome> {
  try {
    // A suspended one hears nothing.
    if (domain.state === 'paused') await client.domains.resume({ domain: domain.uuid }, patience);
    return { domain: await powerOff(client, domain, patience, turns) };
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
