// ctvirt job info
// SPDX-License-Identifier: Apache-2.0
import type { Job } from '@ctvirt/api';
import { progressWords } from '../progress-display.js';
import { formatFields } from '../table.js';
import { verb } from '../verb.js';
import { describeBytes } from '../wording.js';
import { anyDomain } from './arguments.js';

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
  summary: "Show a domain's long operation",
  details: [
    'Of a domain that has none under way it is the last one, if there was one since the daemon started.',
  ],
  args: { domain: anyDomain },
  options: {},
  example: { command: 'ctvirt job info web', does: "Shows how far the job of 'web' is." },
  async run(context, { args: { domain } }) {
    const job = await context.client.jobs.get({ domain });
    const far = farOf(job);
    context.print(job, (width) =>
      formatFields(
        [
          ['Domain', job.domain],
          ['Job', job.kind],
          ['State', job.state],
          ['Started', job.startedAt],
          ...(job.endedAt === null ? [] : [['Ended', job.endedAt] as const]),
          ...(far === '' ? [] : [['Progress', far] as const]),
          ...(job.error === null ? [] : [['Error', job.error] as const]),
        ],
        width,
      ),
    );
  },
});
