// ctvirt job info
// SPDX-License-Identifier: Apache-2.0
import type { Job } from '@ctvirt/api';
import { progressWords } from '../progress-display.js';
import { formatFields } from '../table.js';
import { verb } from '../verb.js';
import { describeBytes } from '../wording.js';
import { jobSubject, oneJob, subjectOf, tookOf, waitOf } from './job-words.js';

/** With its bytes, of a job that counts some; one that has ended is at no moment of it any more. */
function farOf({ state, progress }: Job): string {
  if (state !== 'running' || progress === null) return '';
  const { done, total } = progress;
  const words = progressWords(progress);
  if (done === 0) return words;
  return `${words} (${describeBytes(done)}${total === undefined ? '' : ` of ${describeBytes(total)}`})`;
}

/** JSON is the job; `not-found` where the domain has had none. */
export const jobInfo = verb({
  name: 'job info',
  group: 'Domains',
  summary: 'Show a long operation',
  details: [
    'Of a domain that has none under way it is the last one; any other is named by its id, which job list tells.',
  ],
  args: { domain: jobSubject },
  options: {},
  example: { command: 'ctvirt job info web', does: "Shows how far the job of 'web' is." },
  async run(context, { args: { domain } }) {
    const { jobs } = context.client;
    const job = await oneJob(
      domain,
      () => jobs.get({ domain }),
      () => jobs.show({ job: domain }),
    );
    const [far, waited] = [farOf(job), waitOf(job)];
    context.print(job, (width) =>
      formatFields(
        [
          [job.domain === null ? 'Of' : 'Domain', subjectOf(job)],
          ['Job', job.kind],
          ['State', job.state],
          ...(job.peer === null ? [] : [[job.kind === 'arrival' ? 'From' : 'To', job.peer] as const]),
          ['Started', job.startedAt],
          ...(job.endedAt === null ? [] : [['Ended', job.endedAt] as const]),
          ...(far === '' ? [] : [['Progress', far] as const]),
          ['Took', tookOf(job)],
          ...(waited === undefined ? [] : [['Waited', `${waited} for its turn`] as const]),
          ...(job.downMs === null ? [] : [['Down for', `${(job.downMs / 1000).toFixed(1)} s`] as const]),
          ['Id', job.id],
          ...(job.by === null ? [] : [['Asked by', job.by] as const]),
          ...(job.error === null ? [] : [['Error', job.error] as const]),
        ],
        width,
      ),
    );
  },
});
