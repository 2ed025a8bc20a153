// ctvirt backup prune
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { inRepository, repositoryOption } from './backup-words.js';

/** JSON is the repository. */
export const backupPrune = verb({
  name: 'backup prune',
  group: 'Backups',
  summary: 'Give back the room of what no backup needs any more',
  args: {},
  options: repositoryOption,
  example: { command: 'ctvirt backup prune', does: 'Gives back what backup forget has left.' },
  async run(context, { options: { repository } }) {
    const { client, io } = context;
    const pruned = await context.busy('giving room back', (onProgress) =>
      client.backups.prune({ body: inRepository(repository) }, { onProgress, signal: io.signal }),
    );
    context.done(pruned, `Repository '${pruned.name}' has no more than its backups need`);
  },
});
