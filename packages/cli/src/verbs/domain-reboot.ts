// ctvirt reboot
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { activeDomain } from './arguments.js';
import { waitMsOf, waitOptions } from './waiting.js';

/** Answers at once with the summary, or with `--wait` when it is up again; `timeout` says that it was not by then. */
export const reboot = verb({
  name: 'reboot',
  aliases: ['restart'],
  group: 'Domains',
  summary: "Ask a domain's init to restart",
  args: { domain: activeDomain },
  options: waitOptions,
  example: { command: 'ctvirt reboot web', does: "Restarts 'web'." },
  async run(context, { args: { domain }, options }) {
    const waitMs = waitMsOf(options);
    const result = await context.busy(`rebooting ${domain}`, () =>
      context.client.domains.reboot({ domain, waitMs }),
    );
    context.done(
      result,
      `Domain '${result.name}' ${waitMs === undefined ? 'is being rebooted' : 'rebooted'}`,
    );
  },
});
