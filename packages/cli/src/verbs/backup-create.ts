// ctvirt backup
// SPDX-License-Identifier: Apache-2.0
import type { BackupTaken } from '@ctvirt/api';
import { type Context, interruptible } from '../context.js';
import { CliError } from '../errors.js';
import { incompleteStatus } from '../exit-status.js';
import { verb } from '../verb.js';
import { describeBytes } from '../wording.js';
import { inRepository, keepOf, keepOptions, repositoryOption, timeOf } from './backup-words.js';
import { waited } from './copying.js';
import { anyDomains, eachDomain, type Several, severalOptions, type Told } from './several.js';

/** JSON is what became of it, of several an array. */
export const backup = verb({
  name: 'backup',
  group: 'Backups',
  summary: 'Back up domains',
  details: [
    'A backup is the whole tree of a domain with its own ids, and its document, in a repository of restic or borg: encrypted, and what is there once is kept once. Each is whole by itself. A domain that is off cannot be started meanwhile.',
    'One that runs goes on: what is read is a copy, which is made for that and goes then. Its writes wait for the moment of the copy, and how long that was is told. It takes the room of its files on the file system of the roots, where that cannot share blocks as XFS and btrfs do.',
    'Folders, files and disks of the host that a domain mounts are not in it. Each is told, and the exit status is 19 then; with --leave-mounts it is 0. With --with-mounts folders are in it, read as they are meanwhile, file after file; restore --path brings them back. 19 it is, too, where a file could not be read, whatever is said.',
    'With --keep-last and the like, of each domain the backups that are not to be kept are removed after its new one, as backup forget and prune do.',
    'With --schedule none is taken now: the daemon takes them at those times, makes up for one that it missed, and keeps what --keep-last and the like say. It is in the document, goes along with a rename and a move, and takes the place of backup_schedule in ctvirtd.conf, which is for all domains: never is for none, and host for that of ctvirtd.conf. backup status shows what has become of them.',
    '--all are all domains. A domain that is called as one of the verbs of backups (list, check) is named by its UUID.',
  ],
  args: { domains: anyDomains },
  options: {
    ...severalOptions('All domains'),
    ...repositoryOption,
    'with-mounts': { type: 'flag', summary: 'Folders of the host that it mounts are in it, too' },
    'leave-mounts': { type: 'flag', summary: 'That mounts are left out is meant so' },
    schedule: {
      type: 'text',
      value: 'WHEN',
      complete: ['@hourly', '@daily', '@weekly', '@monthly', 'never', 'host'],
      summary:
        "Take them at these times: @daily and the like, or cron's five fields; never and host end that",
    },
    ...keepOptions,
  },
  example: { command: 'ctvirt backup web', does: "Backs up 'web'." },
  async run(context, { args: { domains }, options }) {
    const several = { domains, all: options.all, parallel: options.parallel };
    const { schedule, repository, 'with-mounts': isWith, 'leave-mounts': isLeaving } = options;
    if (isWith && isLeaving)
      throw new CliError('usage', 'backup: --with-mounts and --leave-mounts exclude each other');
    const how: How = {
      repository,
      mounts: isWith ? 'with' : isLeaving ? 'leave' : undefined,
      keep: keepOf(options),
    };
    if (schedule !== undefined) return await plan(context, several, schedule, how);
    return await backUp(context, several, how);
  },
});

interface How {
  readonly repository: string | undefined;
  readonly mounts: 'with' | 'leave' | undefined;
  readonly keep: ReturnType<typeof keepOf>;
}

async function backUp(context: Context, several: Several, { repository, mounts, keep }: How) {
  const { client, io } = context;
  const where = inRepository(repository);
  const watch = { signal: io.signal };
  let isIncomplete = false;
  let isShrunk = false;
  const status = await eachDomain(context, several, {
    verb: 'backup',
    doing: 'backing up',
    listed: () => client.domains.list({}),
    operation: async (domain, onProgress): Promise<Told> => {
      const body = { ...where, ...(mounts !== undefined && { mounts }) };
      const taken = await interruptible(() =>
        client.backups.create({ domain, body }, { ...watch, ...(onProgress && { onProgress }) }),
      );
      if (!taken.isComplete) isIncomplete = true;
      if (keep === undefined) return { data: taken, sentence: sentenceOf(taken) };
      const { last: keepLast, daily: keepDaily, weekly: keepWeekly, monthly: keepMonthly } = keep;
      const { removed } = await client.backups.forget(
        {
          body: {
            ...where,
            ...{ domain: taken.backup.uuid, keepLast: keepLast ?? 0, keepDaily: keepDaily ?? 0 },
            ...{ keepWeekly: keepWeekly ?? 0, keepMonthly: keepMonthly ?? 0 },
          },
        },
        watch,
      );
      if (removed.length > 0) isShrunk = true;
      const went = removed.length === 0 ? '' : `\n  ${removed.length} of its earlier ones removed`;
      return { data: taken, sentence: `${sentenceOf(taken)}${went}` };
    },
  });
  if (isShrunk) await context.busy('giving room back', () => client.backups.prune({ body: where }, watch));
  return status === 0 && isIncomplete ? incompleteStatus : status;
}

/** Nothing is backed up by that. */
async function plan(
  context: Context,
  several: Several,
  schedule: string,
  { repository, mounts, keep }: How,
): Promise<number> {
  const { client } = context;
  const body = {
    backups: schedule,
    ...(repository !== undefined && { backupRepository: repository }),
    ...(mounts !== undefined && { backupMounts: mounts }),
    ...(keep !== undefined && { backupKeep: keep }),
  };
  const kept = Object.entries(keep ?? {}).map(([kind, count]) => `${count} ${kind}`);
  const what = `backups ${schedule}${kept.length === 0 ? '' : `, kept: ${kept.join(', ')}`}`;
  return await eachDomain(context, several, {
    verb: 'backup',
    doing: 'setting the times of backups',
    listed: () => client.domains.list({}),
    operation: async (domain): Promise<Told> => {
      const data = await client.domains.set({ domain, body });
      return { data, sentence: `Domain '${data.domain.name}': ${what}` };
    },
  });
}

function sentenceOf({
  backup: taken,
  leftOut,
  mounts,
  unread,
  sockets,
  flagged,
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
  for (const { target, source } of mounts) lines.push(`  with ${target}, which is ${source} of the host`);
  for (const { target, source } of leftOut) lines.push(`  without ${target}, which is ${source} of the host`);
  if (sockets > 0)
    lines.push(`  without ${sockets === 1 ? 'a socket' : `${sockets} sockets`}, which programs make anew`);
  if (flagged > 0)
    lines.push(
      `  ${flagged === 1 ? 'a file is' : `${flagged} files are`} in it without what chattr has set (+i, +a)`,
    );
  for (const path of unread) lines.push(`  without ${path}, which could not be read`);
  return lines.join('\n');
}
