// ctvirt backup
// SPDX-License-Identifier: Apache-2.0
import type { BackupTaken } from '@ctvirt/api';
import { incompleteStatus } from '../exit-status.js';
import { verb } from '../verb.js';
import { describeBytes } from '../wording.js';
import { inRepository, repositoryOption, timeOf } from './backup-words.js';
import { waited } from './copying.js';
import { anyDomains, eachDomain, severalOptions, type Told } from './several.js';

/** JSON is what became of it, of several an array. */
export const backup = verb({
  name: 'backup',
  group: 'Backups',
  summary: 'Back up domains',
  details: [
    'A backup is the whole tree of a domain with its own ids, and its document, in a repository of restic: encrypted, and what is there once is kept once. Each is whole by itself. A domain that is off cannot be started meanwhile.',
    'One that runs goes on: what is read is a copy, which is made for that and goes then. Its writes wait for the moment of the copy, and how long that was is told. It takes the room of its files on the file system of the roots, where that cannot share blocks as XFS and btrfs do.',
    'Folders, files and disks of the host that a domain mounts are not in it. Each is told, and the exit status is 19 then; with --leave-mounts it is 0. So it is where a file could not be read, whatever is said.',
    '--all are all domains. A domain that is called as one of the verbs of backups (list, check) is named by its UUID.',
  ],
  args: { domains: anyDomains },
  options: {
    ...severalOptions('All domains'),
    ...repositoryOption,
    'leave-mounts': { type: 'flag', summary: 'That mounts are left out is meant so' },
  },
  example: { command: 'ctvirt backup web', does: "Backs up 'web'." },
  async run(context, { args: { domains }, options }) {
    const { client, io } = context;
    let isIncomplete = false;
    const body = inRepository(options.repository);
    const status = await eachDomain(
      context,
      { domains, all: options.all, parallel: options.parallel },
      {
        verb: 'backup',
        doing: 'backing up',
        listed: async () => await client.domains.list({}),
        operation: async (domain): Promise<Told> => {
          const taken = await client.backups.create({ domain, body }, { signal: io.signal });
          if (taken.unread.length > 0 || (taken.leftOut.length > 0 && !options['leave-mounts']))
            isIncomplete = true;
          return { data: taken, sentence: sentenceOf(taken) };
        },
      },
    );
    return status === 0 && isIncomplete ? incompleteStatus : status;
  },
});

function sentenceOf({
  backup: taken,
  leftOut,
  unread,
  files,
  changedFiles,
  addedBytes,
  seconds,
  frozenMs,
}: BackupTaken): string {
  const { domain, id } = taken;
  const lines = [
    `Domain '${domain}' backed up as ${id} (${timeOf(taken)}): ${changedFiles} of ${files} files changed, ${describeBytes(addedBytes)} added, ${seconds} s${waited({ frozenMs })}`,
  ];
  for (const { target, source } of leftOut) lines.push(`  without ${target}, which is ${source} of the host`);
  for (const path of unread) lines.push(`  without ${path}, which could not be read`);
  return lines.join('\n');
}
