// ctvirt job abort
// SPDX-License-Identifier: Apache-2.0
import { commandFor } from '@ctvirt/xml';
import { verb } from '../verb.js';
import { jobSubject, oneJob, subjectOf } from './job-words.js';

/** Returns the job as it was when it was told to end; `wrong-state` where there is none. */
export const jobAbort = verb({
  name: 'job abort',
  group: 'Domains',
  summary: 'End a long operation',
  details: ['Nothing is kept of what it was making, and the domain is as before. Whoever began it is told.'],
  args: { domain: jobSubject },
  options: {},
  example: { command: 'ctvirt job abort web', does: "Ends what is just done with 'web', such as an export." },
  async run(context, { args: { domain } }) {
    const { jobs } = context.client;
    const job = await oneJob(
      domain,
      () => jobs.abort({ domain }),
      () => jobs.cancel({ job: domain }),
    );
    const subject = job.domain === null ? subjectOf(job) : `Domain '${job.domain}'`;
    context.done(
      job,
      `${subject}: ${job.kind} is told to end: \`${commandFor('job info', [job.domain ?? job.id])}\` tells when it has`,
    );
  },
});
