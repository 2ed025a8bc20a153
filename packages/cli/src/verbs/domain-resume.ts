// ctvirt resume
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { activeDomain } from './arguments.js';

/** Returns the summary of the domain that runs again; one that is not suspended is refused with `wrong-state`. */
export const resume = verb({
  name: 'resume',
  group: 'Domains',
  summary: 'Thaw a suspended domain',
  args: { domain: activeDomain },
  options: {},
  example: { command: 'ctvirt resume web', does: "Lets the processes of 'web' go on." },
  async run(context, { args: { domain } }) {
    const result = await context.busy(`resuming ${domain}`, () => context.client.domains.resume({ domain }));
    context.done(result, `Domain '${result.name}' resumed`);
  },
});
