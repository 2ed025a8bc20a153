// ctvirt shutdown
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { activeDomain } from './arguments.js';
import { waitMsOf, waitOptions } from './waiting.js';

export const shutdown = verb({
  name: 'shutdown',
  group: 'Domains',
  summary: "Ask a domain's init to power off",
  details: ["A domain that does not obey is stopped by 'ctvirt destroy'."],
  args: { domain: activeDomain },
  options: waitOptions,
  example: {
    command: 'ctvirt shutdown web --timeout 30',
    does: "Shuts 'web' down and waits up to 30 s until it is off.",
  },
  async run(context, { args: { domain }, options }) {
    const waitMs = waitMsOf(options);
    const result = await context.busy(`shutting ${domain} down`, () =>
      context.client.domains.shutdown({ domain, waitMs }),
    );
    const isOff = result.state === 'shutoff';
    context.done(result, `Domain '${result.name}' ${isOff ? 'is shut off' : 'is being shutdown'}`);
  },
});
