// ctvirt shutdown
// SPDX-License-Identifier: Apache-2.0
import { ApiError, type DomainSummary } from '@ctvirt/api';
import type { Context } from '../context.js';
import { verb } from '../verb.js';
import { type Outcome, type Patience, powerOff, powerOffAll } from './powering-off.js';
import { activeDomains, checkSeveral, severalOptions, together } from './several.js';
import { patientMsOf, waitMsOf, waitOptions } from './waiting.js';

/** JSON is a summary, of several an array of them; the exit status is the worst of those that failed. */
export const shutdown = verb({
  name: 'shutdown',
  group: 'Domains',
  aliases: ['stop'],
  summary: "Ask a domain's init to power off",
  details: [
    "A domain that does not obey is stopped by 'ctvirt destroy', or by --destroy when the time is over.",
    'With a wait, those of a later start order (ctvirt autostart --order) come first, and those of an earlier one when they have ended.',
    'Of several, all of one order are asked at once, and each gets that time from when it is asked, and suspended ones are resumed for it. Ctrl-C asks and destroys no more; those asked go on shutting down. The unit ctvirt-domains.service does it when the host goes down.',
  ],
  args: { domains: activeDomains },
  options: {
    ...severalOptions('Every domain that runs'),
    ...waitOptions,
    destroy: { type: 'flag', summary: 'Wait, then destroy what still runs' },
  },
  example: {
    command: 'ctvirt shutdown --all --timeout 60 --destroy',
    does: 'Shuts all domains down; what still runs 60 s after it was asked is destroyed.',
  },
  async run(context, { args: { domains }, options }) {
    const { all, destroy, parallel } = options;
    checkSeveral('shutdown', { domains, all, parallel });
    const patience = {
      waitMs: destroy ? patientMsOf(options) : waitMsOf(options),
      destroy,
      signal: context.io.signal,
    };
    const [only] = domains;
    if (all || domains.length > 1) return await shutAllDown(context, domains, patience, parallel);
    const domain = only ?? '';
    const result = await context.busy(`shutting ${domain} down`, async () =>
      powerOff(context.client, await context.client.domains.summary({ domain }), patience),
    );
    context.done(result, sentenceOf(result));
    return undefined;
  },
});

/** Those that are named, or all that run; returns the worst exit status of those that failed. */
async function shutAllDown(
  context: Context,
  named: readonly string[],
  patience: Patience,
  parallel: number | undefined,
): Promise<number> {
  const { client } = context;
  const { unfound, outcomes } = await context.busy('shutting down', async (onProgress) => {
    const { domains, unfound } =
      named.length > 0
        ? await runningOf(context, named)
        : { domains: await client.domains.list({ active: true }), unfound: [] };
    let done = 0;
    const onOutcome = (): void => onProgress({ phase: 'domains', done: ++done, total: domains.length });
    return { unfound, outcomes: await powerOffAll(client, domains, patience, { parallel, onOutcome }) };
  });
  if (context.isJson)
    context.print(
      outcomes.map(({ domain }) => domain),
      () => '',
    );
  else if (outcomes.length === 0 && unfound.length === 0) context.done([], 'No domain is running');
  let status = 0;
  for (const { domain, error } of outcomes)
    if (error === undefined) {
      if (!context.isJson) context.done(domain, sentenceOf(domain));
    } else if (!isInterrupted(error)) status = Math.max(status, context.tellError(error));
  for (const error of unfound) status = Math.max(status, context.tellError(error));
  refuseInterrupted(outcomes);
  return status;
}

/** With why the others are not among them. */
async function runningOf(
  { client }: Context,
  named: readonly string[],
): Promise<{ domains: DomainSummary[]; unfound: unknown[] }> {
  const found = await together(named, 8, async (domain) => {
    try {
      const summary = await client.domains.summary({ domain });
      if (summary.id !== null) return { summary };
      return { error: new ApiError('wrong-state', `domain '${summary.name}' is not running`) };
    } catch (error) {
      return { error };
    }
  });
  return {
    domains: found.flatMap(({ summary }) => summary ?? []),
    unfound: found.flatMap((one) => ('error' in one ? [one.error] : [])),
  };
}

function refuseInterrupted(outcomes: readonly Outcome[]): void {
  const left = outcomes.filter(({ error }) => isInterrupted(error)).map(({ domain }) => domain.name);
  if (left.length > 0)
    throw new ApiError('interrupted', `interrupted: these may still run: ${left.join(', ')}`);
}

const isInterrupted = (error: unknown): boolean => error instanceof ApiError && error.code === 'interrupted';

function sentenceOf({ name, state, reason }: DomainSummary): string {
  if (state !== 'shutoff') return `Domain '${name}' is being shutdown`;
  return `Domain '${name}' ${reason === 'destroyed' ? 'destroyed' : 'is shut off'}`;
}
