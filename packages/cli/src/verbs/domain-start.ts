// ctvirt start
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { inactiveDomain } from './arguments.js';

/** Answers the summary with the id it got; one that runs already is refused with `wrong-state`. */
export const start = verb({
  name: 'start',
  group: 'Domains',
  summary: 'Start a defined domain',
  args: { domain: inactiveDomain },
  options: {},
  example: { command: 'ctvirt start web', does: "Starts the domain 'web'." },
  async run(context, { args: { domain } }) {
    const started = await context.busy(`starting ${domain}`, () => context.client.domains.start({ domain }));
    context.done(started, `Domain '${started.name}' started`);
  },
});
