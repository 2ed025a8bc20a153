// ctvirt shutdown
// SPDX-License-Identifier: Apache-2.0
import { ApiError, type DomainSummary } from '@ctvirt/api';
import type { Context } from '../context.js';
import { CliError } from '../errors.js';
import { verb } from '../verb.js';
import { activeDomain } from './arguments.js';
import { type Outcome, type Patience, powerOff, powerOffAll } from './powering-off.js';
import { patientMsOf, waitMsOf, waitOptions } from './waiting.js';

/** JSON is a summary, with `--all` an array of them; the exit status is that of the first failure. */
export const shutdown = verb({
  name: 'shutdown',
  group: 'Domains',
  summary: "Ask a domain's init to power off",
  details: [
    "A domain that does not obey is stopped by 'ctvirt destroy', or by --destroy when the time is over.",
    'With --all, all are asked at once, and each gets that time from when it is asked, and suspended ones are resumed for it. Ctrl-C asks and destroys no more; those asked go on shutting down. The unit ctvirt-domains.service does it when the host goes down.',
  ],
  args: { domain: { ...activeDomain, optional: true } },
  options: {
    all: { type: 'flag', summary: 'Every domain that runs' },
    ...waitOptions,
    destroy: { type: 'flag', summary: 'Wait, then destroy what still runs' },
    parallel: {
      type: 'whole',
      value: 'COUNT',
      summary: 'With --all: only so many at a time',
    },
  },
  example: {
    command: 'ctvirt shutdown --all --timeout 60 --destroy',
    does: 'Shuts all domains down; what still runs 60 s after it was asked is destroyed.',
  },
  async run(context, { args: { domain }, options }) {
    const { all, destroy, parallel } = options;
    if (all === (domain !== undefined))
      throw new CliError('usage', 'shutdown: name one DOMAIN, or say --all');
    if (parallel !== undefined && (!all || parallel === 0))
      throw new CliError('usage', 'shutdown: --parallel is at least 1, and goes with --all');
    const patience = {
      waitMs: destroy ? patientMsOf(options) : waitMsOf(options),
      destroy,
      signal: context.io.signal,
    };
    if (domain === undefined) return await shutAllDown(context, patience, parallel);
    const result = await context.busy(`shutting ${domain} down`, async () =>
      powerOff(context.client, await context.client.domains.summary({ domain }), patience),
    );
    context.done(result, sentenceOf(result));
    return undefined;
  },
});

/** Answers the exit status of the first failure. */
async function shutAllDown(
  context: Context,
  patience: Patience,
  parallel: number | undefined,
): Promise<number> {
  const { client } = context;
  const outcomes = await context.busy('shutting down', async (onProgress) => {
    const domains = await client.domains.list({ active: true });
    let done = 0;
    const onOutcome = (): void => onProgress({ phase: 'domains', done: ++done, total: domains.length });
    return await powerOffAll(client, domains, patience, { parallel, onOutcome });
  });
  if (context.isJson)
    context.print(
      outcomes.map(({ domain }) => domain),
      () => '',
    );
  else if (outcomes.length === 0) context.done([], 'No domain is running');
  let status = 0;
  for (const { domain, error } of outcomes)
    if (error === undefined) {
      if (!context.isJson) context.done(domain, sentenceOf(domain));
    } else if (!isInterrupted(error)) {
      const own = context.tellError(error);
      status ||= own;
    }
  refuseInterrupted(outcomes);
  return status;
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
