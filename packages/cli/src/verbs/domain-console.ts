// ctvirt console
// SPDX-License-Identifier: Apache-2.0

import { ApiError } from '@ctvirt/api';
import { commandFor } from '@ctvirt/xml';
import type { Context } from '../context.js';
import { CliError } from '../errors.js';
import { wordsOfTerminal } from '../printable.js';
import { attach, escapeByte, sizeOf } from '../terminal.js';
import { verb } from '../verb.js';
import { activeDomain } from './arguments.js';

/** Prints no JSON, but of `--log`: input and output are the console's; `^]` ends it and leaves the domain alone. */
export const console = verb({
  name: 'console',
  group: 'Domains',
  summary: "Attach to a running domain's console, or show what was written to it",
  details: [
    'Ctrl + ] detaches, and so do SIGTERM and SIGHUP; the domain goes on. At the end of its input it detaches after a second, in which the console may still answer.',
    'One has it at a time: who else asks is told who has it, whichever client that one came by.',
    '--log shows what a domain wrote to its console, whether or not it runs: the last 64 KiB of its present or last run, with --before those of the run before. Nobody else is disturbed.',
  ],
  args: { domain: activeDomain },
  options: {
    force: { type: 'flag', summary: 'Take it over from who has it' },
    log: { type: 'flag', summary: 'Show what was written to it in the present or last run' },
    before: { type: 'flag', summary: 'With --log: in the run before that' },
  },
  example: { command: 'ctvirt console web', does: "Shows the console of 'web' and types into it." },
  async run(context, { args: { domain }, options: { force, log, before } }) {
    if (before && !log) throw new CliError('usage', 'console: --before goes with --log');
    if (log && force) throw new CliError('usage', 'console: --log takes the console from nobody');
    if (log) await showLog(context, domain, before);
    else await openConsole(context, domain, force);
  },
});

async function showLog(context: Context, domain: string, before: boolean): Promise<void> {
  const { client } = context;
  const found = await client.domains.consoleLog({ domain, ...(before && { before }) });
  const text = found.text === '' || found.text.endsWith('\n') ? found.text : `${found.text}\n`;
  context.printVerbatim(found, context.io.stdout.isTTY === true ? wordsOfTerminal(text) : text);
  if (found.text === '' && !context.isJson)
    context.remark(`domain '${domain}' wrote nothing to its console in that run`);
}

/** Until somebody leaves it. */
export async function openConsole(context: Context, domain: string, force = false): Promise<void> {
  const { io, client } = context;
  const open = { ...sizeOf(io), ...(force && { force }) };
  const { name, uuid } = await client.domains.summary({ domain });
  const session = await client.domains
    .console({ domain: uuid, open }, { signal: io.signal })
    .catch((error: unknown) => {
      throw isOff(error) ? withAdvice(error, name) : error;
    });
  context.remark(`Connected to domain '${name}'\nEscape character is ^] (Ctrl + ])`);
  const ending = await attach(session, io, { isTerminal: true, detachByte: escapeByte });
  context.remark(ending.kind === 'detached' ? '\ndetached' : '\nthe console is closed');
}

const isOff = (error: unknown): error is ApiError =>
  error instanceof ApiError && error.code === 'wrong-state' && error.details['state'] === 'shutoff';

const withAdvice = ({ code, message, details }: ApiError, domain: string): ApiError =>
  new ApiError(
    code,
    `${message}: \`${commandFor('console', [domain], '--log')}\` shows what its last run wrote`,
    {
      details,
    },
  );
