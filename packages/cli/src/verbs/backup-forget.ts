// ctvirt backup forget
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { backupColumns, inRepository, keepOptions, repositoryOption } from './backup-words.js';
import { outputTable } from './output-columns.js';

/** JSON is what went and what stays. */
export const backupForget = verb({
  name: 'backup forget',
  group: 'Backups',
  summary: 'Remove the backups that are not to be kept',
  details: [
    'Of each domain the last backup of each of so many days, weeks (from Monday) and months that have one stays, in UTC; days without one do not count. Their room is given back by backup prune, or at once with --prune.',
  ],
  args: {
    domain: { summary: 'Only those of this one, by name or UUID', complete: 'domain', optional: true },
  },
  options: {
    ...keepOptions,
    prune: { type: 'flag', summary: 'Give their room back at once' },
    'dry-run': { type: 'flag', summary: 'Only tell which would go' },
    ...repositoryOption,
  },
  example: {
    command: 'ctvirt backup forget --keep-daily 7 --keep-weekly 4 --prune',
    does: 'Keeps a week of days and a month of weeks of each domain.',
  },
  async run(context, { args: { domain }, options }) {
    const { client, io } = context;
    const where = inRepository(options.repository);
    const keep = {
      keepLast: options['keep-last'] ?? 0,
      keepDaily: options['keep-daily'] ?? 0,
      keepWeekly: options['keep-weekly'] ?? 0,
      keepMonthly: options['keep-monthly'] ?? 0,
    };
    const dryRun = options['dry-run'];
    const forgotten = await context.busy('removing', async (onProgress) => {
      const watch = { onProgress, signal: io.signal };
      const body = { ...where, ...keep, dryRun, ...(domain !== undefined && { domain }) };
      const told = await client.backups.forget({ body }, watch);
      if (options.prune && !dryRun) await client.backups.prune({ body: where }, watch);
      return told;
    });
    const { kept, removed } = forgotten;
    context.print(forgotten, (width) =>
      [
        `${dryRun ? 'Would remove' : 'Removed'} ${removed.length} of ${kept.length + removed.length} backups\n`,
        ...(removed.length > 0
          ? [outputTable(backupColumns, removed, { verb: 'backup forget', output: undefined, width })]
          : []),
      ].join(''),
    );
  },
});
