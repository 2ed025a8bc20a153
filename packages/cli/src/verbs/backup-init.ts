// ctvirt backup init
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { inRepository } from './backup-words.js';

/** JSON is the repository, and whether a password was made. */
export const backupInit = verb({
  name: 'backup init',
  group: 'Backups',
  summary: 'Make a repository that ctvirtd.conf names, and its password where there is none',
  details: [
    'The setting backup_repositories says where it lies and which file has its password. Without that password nobody can read what is in it: keep a copy of the file elsewhere.',
    'Where backups were taken to one of this name that is not there now, none is made, since its disk may only be away: --again makes it.',
  ],
  args: { repository: { summary: 'Its name in ctvirtd.conf', optional: true } },
  options: {
    again: { type: 'flag', summary: 'Make one although there are backups in the one that was there' },
  },
  example: { command: 'ctvirt backup init', does: 'Makes the repository for backups.' },
  async run(context, { args: { repository }, options: { again } }) {
    const made = await context.busy('making the repository', () =>
      context.client.backups.init({ body: { ...inRepository(repository), ...(again && { again }) } }),
    );
    const { name, path, passwordFile } = made.repository;
    const password = made.madePassword
      ? `Its password was made and is in ${passwordFile}: keep a copy elsewhere, without it the backups are lost`
      : `Its password is in ${passwordFile}`;
    context.done(made, `Repository '${name}' made in ${path}\n${password}`);
  },
});
