// ctvirt backup check
// SPDX-License-Identifier: Apache-2.0
import { incompleteStatus } from '../exit-status.js';
import { verb } from '../verb.js';
import { describeBytes } from '../wording.js';
import { inRepository, repositoryOption, timeOf } from './backup-words.js';

/** JSON is an array of what was compared. */
export const backupCheck = verb({
  name: 'backup check',
  group: 'Backups',
  summary: 'Check a repository, and restore and compare a sample of the last backup of each domain',
  details: [
    'Of each domain up to 50 files, others for each backup, are restored to a folder for the moment, and compared with their hashes, lengths, times, owners and modes in the repository. Of the rest of the repository its structure is checked, and 5 % of its data; with --whole all of it, which takes as long as reading the repository does.',
    'The exit status is 19 where a file did not come back as it was, or the repository holds what is damaged: then each backup that is hit is named, with its files.',
  ],
  args: {
    domain: { summary: 'Only those of this one, by name or UUID', complete: 'domain', optional: true },
  },
  options: {
    whole: { type: 'flag', summary: 'Read all that the repository holds' },
    ...repositoryOption,
  },
  example: { command: 'ctvirt backup check', does: 'Tells whether the backups can be restored.' },
  async run(context, { args: { domain }, options: { repository, whole } }) {
    const { client, io } = context;
    const body = {
      ...inRepository(repository),
      ...(whole && { whole }),
      ...(domain !== undefined && { domain }),
    };
    const checked = await context.busy('checking', (onProgress) =>
      client.backups.check({ body }, { onProgress, signal: io.signal }),
    );
    context.print(checked, () =>
      checked
        .map(({ backup, files, bytes, differences }) => {
          const one = `${backup.domain}: ${backup.id} (${timeOf(backup)})`;
          // Nothing of it was restored: the repository itself is known to have lost these.
          if (files === 0 && differences.length > 0)
            return `${one}: damaged in the repository\n${differences.map((path) => `  ${path} cannot be restored as it was\n`).join('')}`;
          const what = `${one}: ${files} files, ${describeBytes(bytes)}, restored and compared`;
          const lines = differences.map((path) => `  ${path} differs\n`).join('');
          return `${what}: ${differences.length === 0 ? 'all as they were' : `${differences.length} differ`}\n${lines}`;
        })
        .join(''),
    );
    return checked.some(({ differences }) => differences.length > 0) ? incompleteStatus : 0;
  },
});
