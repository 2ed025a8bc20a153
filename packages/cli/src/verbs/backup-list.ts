// ctvirt backup list
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { backupColumns, repositoryOption } from './backup-words.js';
import { outputOption, outputTable } from './output-columns.js';

/** JSON is an array of backups. */
export const backupList = verb({
  name: 'backup list',
  group: 'Backups',
  summary: 'List backups, those of domains that are gone included',
  args: {
    domain: { summary: 'Only those of this one, by name or UUID', complete: 'domain', optional: true },
  },
  options: { ...repositoryOption, ...outputOption(backupColumns) },
  example: { command: 'ctvirt backup list web', does: "Lists the backups of 'web', the oldest first." },
  async run(context, { args: { domain }, options: { repository, output } }) {
    const backups = await context.busy('listing', () => context.client.backups.list({ repository, domain }));
    context.print(backups, (width) =>
      outputTable(backupColumns, backups, { verb: 'backup list', output, width }),
    );
  },
});
