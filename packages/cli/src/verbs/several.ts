// Verbs of which one call does the same to many domains: which they are, so many at a time, a line for each.
// SPDX-License-Identifier: Apache-2.0
import { ApiError, type Progress } from '@ctvirt/api';
import type { Context } from '../context.js';
import { CliError } from '../errors.js';
import type { Argument, Options } from '../verb.js';

const named = { summary: 'Names, UUIDs or ids', many: true, optional: true } as const;

/** Domains in whatever state. */
export const anyDomains = { ...named, complete: 'domain' } as const satisfies Argument;
/** The same where they have to be named. */
export const namedDomains = { ...anyDomains, optional: false } as const satisfies Argument;
/** Domains that run or are suspended; only what completion offers differs, the daemon is the judge. */
export const activeDomains = { ...named, complete: 'active-domain' } as const satisfies Argument;
/** Domains that are off, likewise. */
export const inactiveDomains = { ...named, complete: 'inactive-domain' } as const satisfies Argument;

/** The options of such a verb; `all` says which domains those are. */
export const severalOptions = (all: string) =>
  ({
    all: { type: 'flag', summary: all },
    parallel: { type: 'whole', value: 'COUNT', summary: 'Only so many of several at a time' },
  }) as const satisfies Options;

/** The words of a command line that say which. */
export interface Several {
  readonly domains: readonly string[];
  readonly all: boolean;
  readonly parallel: number | undefined;
}

/** A daemon starts so many in little more time than one. */
const AT_ONCE = 8;

/** Throws `usage` where neither domains nor --all are said, or both. */
export function checkSeveral(verb: string, { domains, all, parallel }: Several): void {
  if (all === domains.length > 0) throw new CliError('usage', `${verb}: name DOMAINs, or say --all`);
  const isOne = !all && domains.length === 1;
  if (parallel === 0 || (parallel !== undefined && isOne))
    throw new CliError('usage', `${verb}: --parallel is at least 1, and goes with several domains or --all`);
}

/** What became of one: for programs, and in a sentence. */
export interface Told {
  readonly data: unknown;
  readonly sentence: string;
}

/** What is done to each. */
interface Work {
  /** `starting`, for a person that waits. */
  readonly doing: string;
  /** How far it is is told where it is the only one. */
  readonly operation: (domain: string, onProgress?: (progress: Progress) => void) => Promise<Told>;
}

/** The same of a verb that has --all. */
export interface Each extends Work {
  /** `start`, for a command line that is wrong. */
  readonly verb: string;
  /** Which domains are all of them. */
  readonly listed: () => Promise<readonly { readonly uuid: string }[]>;
}

type Outcome = { readonly told: Told } | { readonly error: unknown };

/** What was done is told in the order of the domains; returns the worst exit status of those that failed. One alone fails as it does. */
export async function eachDomain(context: Context, several: Several, each: Each): Promise<number> {
  checkSeveral(each.verb, several);
  const { domains, all, parallel } = several;
  if (!all) return await eachNamed(context, domains, each, parallel);
  const listed = await each.listed();
  const refs = listed.map(({ uuid }) => uuid);
  return await doToEach(context, refs, each, parallel);
}

/** The same of a verb that has no --all. */
export async function eachNamed(
  context: Context,
  domains: readonly string[],
  work: Work,
  parallel?: number,
): Promise<number> {
  const [only] = domains;
  if (only === undefined || domains.length > 1) return await doToEach(context, domains, work, parallel);
  const { data, sentence } = await context.busy(`${work.doing} ${only}`, (onProgress) =>
    work.operation(only, onProgress),
  );
  context.done(data, sentence);
  return 0;
}

async function doToEach(
  context: Context,
  refs: readonly string[],
  { doing, operation }: Work,
  parallel = AT_ONCE,
): Promise<number> {
  const outcomes = await context.busy(doing, async (onProgress) => {
    let done = 0;
    return await together(refs, parallel, async (domain): Promise<Outcome> => {
      try {
        if (context.io.signal.aborted)
          throw new ApiError('interrupted', `interrupted: ${domain} is left as it is`);
        return { told: await operation(domain) };
      } catch (error) {
        return { error };
      } finally {
        onProgress({ phase: 'domains', done: ++done, total: refs.length });
      }
    });
  });
  return tellAll(context, outcomes);
}

function tellAll(context: Context, outcomes: readonly Outcome[]): number {
  const done = outcomes.flatMap((one) => ('told' in one ? [one.told.data] : []));
  if (context.isJson) context.print(done, () => '');
  else if (outcomes.length === 0) context.done([], 'No domain is in that state');
  return outcomes.reduce((worst, one) => {
    if ('error' in one) return Math.max(worst, context.tellError(one.error));
    if (!context.isJson) context.done(one.told.data, one.told.sentence);
    return worst;
  }, 0);
}

/** In the order of the items, so many at a time. */
export async function together<I, O>(
  items: readonly I[],
  most: number,
  operation: (item: I) => Promise<O>,
): Promise<O[]> {
  const waiting = [...items.entries()];
  const results: (readonly [number, O])[] = [];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      results.push([next[0], await operation(next[1])]);
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
  return results.sort(([a], [b]) => a - b).map(([, result]) => result);
}
