// ctvirt wait
// SPDX-License-Identifier: Apache-2.0
import type { WaitRequest } from '@ctvirt/api';
import { CliError } from '../errors.js';
import { verb } from '../verb.js';
import { anyDomain } from './arguments.js';
import { patientMsOf, waitOptions } from './waiting.js';

const states = ['running', 'stopped', 'booted'] as const satisfies readonly WaitRequest['for'][];

/** JSON is a summary. */
export const wait = verb({
  name: 'wait',
  group: 'Domains',
  summary: 'Wait until a domain is running, stopped or booted',
  details: [
    'Comes back at once if it is. Booted is one whose systemd says that it is running, or degraded, where units have failed; one with any other init is booted when it runs.',
    'When the time is over it ends with status 13.',
  ],
  args: { domain: anyDomain },
  options: {
    for: {
      type: 'text',
      value: 'STATE',
      complete: states,
      summary: 'running, stopped or booted (default: running)',
    },
    timeout: waitOptions.timeout,
  },
  example: {
    command: 'ctvirt wait web --for booted --timeout 60',
    does: "Comes back when 'web' has booted, within a minute.",
  },
  async run(context, { args: { domain }, options }) {
    const wanted = states.find((state) => state === (options.for ?? 'running'));
    if (wanted === undefined)
      throw new CliError('usage', `wait: --for takes running, stopped or booted, not '${options.for}'`);
    const { client, io } = context;
    const body = { for: wanted, timeoutMs: patientMsOf(options) };
    const summary = await context.busy(`waiting for ${domain}`, () =>
      client.domains.wait({ domain, body }, { signal: io.signal }),
    );
    context.done(summary, `Domain '${summary.name}' is ${wanted}`);
  },
});
