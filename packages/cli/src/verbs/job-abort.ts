// ctvirt job abort
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { anyDomain } from './arguments.js';

/** Returns the job as it was when it was told to end; `wrong-state` where there is none. */
export const jobAbort = verb({
  name: 'job abort',
  group: 'Domains',
  summary: "End a domain's long operation",
  details: ['Nothing is kept of what it was making, and the domain is as before. Whoever began it is told.'],
  args: { domain: anyDomain },
  options: {},
  example: { command: 'ctvirt job abort web', does: "Ends what is just done with 'web', such as an export." },
  async run(context, { args: { domain } }) {
    const job = await context.client.jobs.abort({ domain });
    context.done(
      job,
      `Domain '${job.domain}': ${job.kind} is told to end: \`ctvirt job info ${job.domain}\` tells when it has`,
    );
  },
});
