// ctvirt job list
// SPDX-License-Identifier: Apache-2.0
import type { Job } from '@ctvirt/api';
import { progressWords } from '../progress-display.js';
import { formatTable } from '../table.js';
import { verb } from '../verb.js';

const head = ['Domain', 'Job', 'State', 'Since', 'Progress'];

const row = ({ domain, kind, state, startedAt, endedAt, progress, error }: Job): readonly string[] => [
  domain,
  kind,
  state,
  `${(endedAt ?? startedAt).slice(0, 19)}Z`,
  error ?? (progressWords(progress) || '-'),
];

/** JSON is an array of jobs. */
export const jobList = verb({
  name: 'job list',
  group: 'Domains',
  summary: 'List long operations that are under way',
  details: [
    'Such as an export. A domain has one at a time; another is refused until it has ended. With --all, each domain that has none under way is there with its last one, how it ended, and when; the daemon knows them until it ends.',
  ],
  args: {},
  options: { all: { type: 'flag', summary: 'Those that have ended, too' } },
  example: {
    command: 'ctvirt job list --all',
    does: 'Lists what is under way, and how the last of each ended.',
  },
  async run(context, { options: { all } }) {
    const known = await context.client.jobs.list();
    const jobs = all ? known : known.filter(({ state }) => state === 'running');
    context.print(jobs, (width) => formatTable(head, jobs.map(row), width));
  },
});
