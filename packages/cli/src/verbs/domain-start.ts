// ctvirt start
// SPDX-License-Identifier: Apache-2.0

import { setTimeout as sleep } from 'node:timers/promises';
import type { DomainSummary } from '@ctvirt/api';
import { commandFor } from '@ctvirt/xml';
import type { Context } from '../context.js';
import { CliError } from '../errors.js';
import { wordsOfTerminal } from '../printable.js';
import { verb } from '../verb.js';
import { openConsole } from './domain-console.js';
import { eachDomain, inactiveDomains, severalOptions, type Told } from './several.js';
import { waitMsOf, waitOptions } from './waiting.js';

/** JSON is the summary with the id it got, of several an array of them; one that runs already is refused with `wrong-state`. */
export const start = verb({
  name: 'start',
  group: 'Domains',
  summary: 'Start defined domains',
  details: [
    'Of several the others are started whatever becomes of one; the exit status is the highest.',
    'With --rescue /bin/sh runs in the place of init and ctvirt attaches to it, so that files can be repaired from within, networks and all. The definition stays as it is; when the shell ends (exit, or ctvirt shutdown) the domain is off, and its next start is as any. Where even the shell does not run, ctvirt mount shows the files to the host.',
    'It returns when init runs, with --wait when the domain has booted, as ctvirt wait --for booted has it, or has ended again. With --watch it looks for a while longer: if the domain ends meanwhile, it shows what that wrote last to its console, and ends with status 1. ctvirt console --log shows that at any time.',
    'Programs in /etc/ctvirt/hooks are told of starts and ends, and can refuse a start: docs/reference/hooks.md.',
  ],
  args: { domains: inactiveDomains },
  options: {
    ...severalOptions('Every domain that is off'),
    console: { type: 'flag', summary: 'Attach to its console as soon as it runs' },
    rescue: { type: 'flag', summary: 'Run a shell in the place of its init, on its own files' },
    ...waitOptions,
    watch: { type: 'whole', value: 'SECONDS', summary: 'See for so long that it goes on running' },
  },
  example: { command: 'ctvirt start web', does: "Starts the domain 'web'." },
  async run(context, { args: { domains }, options }) {
    const { all, parallel, rescue, watch } = options;
    const { client, io } = context;
    if (options.console && (watch !== undefined || context.isJson))
      throw new CliError('usage', 'start: --console goes with neither --watch nor --json');
    const waitMs = waitMsOf(options);
    if (waitMs !== undefined && (options.console || rescue || watch !== undefined))
      throw new CliError(
        'usage',
        'start: --wait and --timeout go with neither --console nor --rescue nor --watch',
      );
    const isOne = !all && domains.length === 1;
    if (!isOne && (options.console || rescue || watch !== undefined))
      throw new CliError('usage', 'start: --console, --rescue and --watch go with one domain');
    let started: DomainSummary | undefined;
    const status = await eachDomain(
      context,
      { domains, all, parallel },
      {
        verb: 'start',
        doing: 'starting',
        listed: () => client.domains.list({ active: false }),
        async operation(domain) {
          const data = await client.domains.start(
            { domain, ...(rescue && { rescue }) },
            { signal: io.signal },
          );
          started = data;
          if (waitMs !== undefined) return await booted(context, data, waitMs);
          return {
            data,
            sentence: `Domain '${data.name}' started${rescue ? ', with /bin/sh for its init' : ''}`,
          };
        },
      },
    );
    if (started === undefined || !isOne) return status;
    if (watch !== undefined && !(await goesOn(context, started, watch))) return 1;
    if (options.console || (rescue && !context.isJson && watch === undefined))
      await openConsole(context, started.uuid);
    return status;
  },
});

/** Whatever comes first: that it has booted, or its end. */
async function booted(
  { client, io }: Context,
  { name, uuid: domain }: DomainSummary,
  timeoutMs: number,
): Promise<Told> {
  const over = new AbortController();
  const signal = AbortSignal.any([io.signal, over.signal]);
  const reached = (state: 'booted' | 'stopped') =>
    client.domains.wait({ domain, body: { for: state, timeoutMs } }, { signal });
  const data = await Promise.race([reached('booted'), reached('stopped')]).finally(() => over.abort());
  if (data.state !== 'shutoff') return { data, sentence: `Domain '${name}' has booted` };
  const { lastEnd } = await client.domains.info({ domain });
  throw new CliError(
    'local',
    `domain '${name}' has ended again (${lastEnd?.how ?? 'nothing tells how'}): \`${commandFor('console', [name], '--log')}\` shows what it wrote`,
  );
}

const LOOK_MS = 100;

/** Tells how it ended if it does not. */
async function goesOn(
  context: Context,
  { name, uuid: domain }: DomainSummary,
  seconds: number,
): Promise<boolean> {
  const { client } = context;
  const isOff = async (): Promise<boolean> => (await client.domains.summary({ domain })).state === 'shutoff';
  const hasEnded = await context.busy(`watching ${name}`, async () => {
    for (
      const deadline = performance.now() + seconds * 1000;
      performance.now() < deadline;
      await sleep(LOOK_MS)
    )
      if (await isOff()) return true;
    return await isOff();
  });
  if (!hasEnded) return true;
  const { lastEnd } = await client.domains.info({ domain });
  const { text } = await client.domains.consoleLog({ domain });
  const last = wordsOfTerminal(text).trimEnd().split('\n').slice(-20).join('\n');
  context.remark(`Domain '${name}' has ended again: ${lastEnd?.how ?? 'nothing tells how'}`);
  if (last !== '') context.remark(`what it wrote last to its console:\n${last}`);
  return false;
}
