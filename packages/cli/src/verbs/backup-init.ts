// ctvirt backup init
// SPDX-License-Identifier: Apache-2.0

import { noneOf } from '../suggestion.js';
import { verb } from '../verb.js';
import { inRepository } from './backup-words.js';

const tools = ['restic', 'borg'] as const;

/** JSON is the repository, and whether a password was made. */
export const backupInit = verb({
  name: 'backup init',
  group: 'Backups',
  summary: 'Make a repository that ctvirtd.conf names, and its password where there is none',
  details: [
    'The setting backup_repositories says where it lies and which file has its password. Without that password nobody can read what is in it: keep a copy of the file elsewhere.',
    'What a repository was made for keeps it from then on, whatever is asked of it: restic or borg, each from its package of Debian.',
    'Where backups were taken to one of this name that is not there now, none is made, since its disk may only be away: --again makes it.',
  ],
  args: { repository: { summary: 'Its name in ctvirtd.conf', optional: true } },
  options: {
    tool: {
      type: 'text',
      value: 'TOOL',
      complete: tools,
      summary: 'What keeps it: restic (default) or borg',
    },
    again: { type: 'flag', summary: 'Make one although there are backups in the one that was there' },
  },
  example: { command: 'ctvirt backup init', does: 'Makes the repository for backups.' },
  async run(context, { args: { repository }, options: { again, tool } }) {
    const known = tools.find((one) => one === tool);
    if (tool !== undefined && known === undefined) throw noneOf('backup init: --tool', tool, tools);
    const made = await context.busy('making the repository', () =>
      context.client.backups.init({
        body: { ...inRepository(repository), ...(again && { again }), ...(known && { tool: known }) },
      }),
    );
    const { name, path, passwordFile, tool: kept } = made.repository;
    const password = made.madePassword
      ? `Its password was made and is in ${passwordFile}: keep a copy elsewhere, without it the backups are lost`
      : `Its password is in ${passwordFile}`;
    context.done(made, `Repository '${name}' made in ${path}, which ${kept} keeps\n${password}`);
  },
});
