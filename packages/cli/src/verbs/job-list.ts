// ctvirt job list
// SPDX-License-Identifier: Apache-2.0
import type { Job } from '@ctvirt/api';
import type { Context } from '../context.js';
import { CliError, jsonLine } from '../errors.js';
import { printableLines } from '../printable.js';
import { progressWords } from '../progress-display.js';
import { verb } from '../verb.js';
import { subjectOf, tookOf, waitOf } from './job-words.js';
import { type Columns, outputOption, outputTable } from './output-columns.js';
import { headOf, madeAt } from './snapshot-words.js';

const columns: Columns<Job> = {
  id: { head: 'Id', cell: ({ id }) => id },
  of: { head: 'Of', cell: subjectOf },
  job: { head: 'Job', cell: ({ kind }) => kind },
  state: { head: 'State', cell: ({ state }) => state },
  since: {
    head: 'Since',
    cell: ({ startedAt, endedAt }) => madeAt(endedAt ?? startedAt),
  },
  progress: { head: 'Progress', cell: (job) => headOf(told(job), 36) },
  took: { head: 'Took', cell: tookOf, isExtra: true },
  waited: { head: 'Waited', cell: (job) => waitOf(job) ?? '-', isExtra: true },
  by: { head: 'Asked by', cell: ({ by }) => by ?? '-', isExtra: true },
};

/** How far it is, or what came of it, and where to or from. */
function told({ kind, state, peer, downMs, progress, error, exclusive, waitedMs }: Job): string {
  const where = peer === null ? '' : `${kind === 'arrival' ? 'from' : 'to'} ${peer}`;
  const down = downMs === null ? '' : `was down for ${(downMs / 1000).toFixed(1)} s`;
  const isWaiting = progress === null && waitedMs > 0 && !exclusive;
  const underWay = isWaiting ? 'waits for its turn' : progressWords(progress);
  const far = state === 'running' ? underWay : (error ?? down);
  return [far, where].filter((words) => words !== '').join(', ') || '-';
}

/** JSON is an array of jobs; with `--follow` one a line, whenever one begins, gets on or ends. */
export const jobList = verb({
  name: 'job list',
  aliases: ['activity'],
  group: 'Domains',
  summary: 'List long operations that are under way',
  details: [
    'Such as exports, imports of templates, backups and moves. A domain has one at a time; another is refused until it has ended. With --all, the last two hundred that have ended follow, the newest first: how each ended, and when, whichever daemon it was.',
    'With --follow each change is a line, until Ctrl-C.',
  ],
  args: {},
  options: {
    all: { type: 'flag', summary: 'Those that have ended, too' },
    follow: { type: 'flag', summary: 'Print each as it begins, gets on and ends' },
    ...outputOption(columns),
  },
  example: {
    command: 'ctvirt job list --all',
    does: 'Lists what is under way, and how the last ones ended.',
  },
  async run(context, { options: { all, follow, output } }) {
    if (all && follow) throw new CliError('usage', 'job list: --follow excludes --all');
    if (follow) return await followJobs(context);
    const jobs = await context.client.jobs.list(all ? {} : { running: true });
    context.print(jobs, (width) => outputTable(columns, jobs, { verb: 'job list', output, width }));
    if (jobs.length === 0 && !all && !context.isJson)
      context.remark('Nothing is under way; --all lists those that have ended, too.');
  },
});

async function followJobs({ io, client, isJson }: Context): Promise<void> {
  for await (const job of await client.jobs.watch({}, { signal: io.signal })) {
    const { id, kind, state, progress, error } = job;
    const more = error ?? progressWords(progress);
    const words = `${id} ${kind} of ${subjectOf(job)}: ${state}${more === '' ? '' : `, ${more}`}`;
    io.stdout.write(isJson ? jsonLine(job) : `${printableLines(words)}\n`);
  }
}
