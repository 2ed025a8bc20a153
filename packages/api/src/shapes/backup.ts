// Backups: whole domains in encrypted repositories, where what is there once is kept once, and what comes out of them.
// SPDX-License-Identifier: Apache-2.0
import {
  boolean,
  integer,
  list,
  nullable,
  number,
  object,
  oneOf,
  optional,
  type Static,
  strict,
  string,
} from '../schema.js';
import { domainSummary } from './domain.js';
import { keptRoot } from './root.js';

const repositoryName = optional(
  string({
    minLength: 1,
    description: 'Its name in ctvirtd.conf; not needed where there is one, or one called default',
  }),
);

const backupTool = oneOf(['restic', 'borg'], {
  description: 'The program that keeps them: restic unless the repository was made for another one',
});

/** Where backups lie. */
export const backupRepository = object(
  {
    name: string({ description: 'What it is called in ctvirtd.conf' }),
    path: string({ description: "Its folder on the daemon's machine" }),
    passwordFile: string({
      description: 'The file with its password, without which nothing in it can be read',
    }),
    tool: nullable(backupTool),
  },
  { title: 'BackupRepository', description: 'Where backups lie' },
);
/** Where backups lie. */
export type BackupRepository = Static<typeof backupRepository>;

/** A repository that was made. */
export const backupInit = object(
  {
    repository: backupRepository,
    madePassword: boolean({ description: 'Whether there was no password, and one was made' }),
  },
  { title: 'BackupInit', description: 'A repository that was made' },
);
/** A repository that was made. */
export type BackupInit = Static<typeof backupInit>;

/** What a domain mounts that is not its own. */
export const leftOut = object(
  {
    target: string({ description: 'Where the domain has it' }),
    source: string({ description: 'What it is on the host' }),
  },
  { title: 'LeftOut', description: 'What a domain has that is no part of its backup' },
);
/** What a domain mounts that is not its own. */
export type LeftOut = Static<typeof leftOut>;

/** A domain as it was. */
export const backup = object(
  {
    id: string({ description: 'Of the repository' }),
    repository: string({ description: 'Where it lies' }),
    domain: string({ description: 'The name that the domain had' }),
    uuid: string({ description: 'The UUID of the domain' }),
    takenAt: string({ description: 'RFC 3339' }),
    leftOut: list(string(), { description: 'Where the domain had what is not in there' }),
  },
  { title: 'Backup', description: 'A domain as it was: whole by itself, whatever else is removed' },
);
/** A domain as it was. */
export type Backup = Static<typeof backup>;

/** Where a backup goes. */
export const backupRequest = strict({ repository: repositoryName });
/** Where a backup goes. */
export type BackupRequest = Static<typeof backupRequest>;

/** Which repository is made. */
export const backupInitRequest = strict({
  repository: repositoryName,
  again: optional(
    boolean({
      description: 'Make it although there are backups in the one of this name, which is not where it was',
    }),
  ),
  tool: optional(backupTool),
});
/** Which repository is made. */
export type BackupInitRequest = Static<typeof backupInitRequest>;

/** How a domain is backed up. */
export const domainBackupRequest = strict({
  repository: repositoryName,
  mounts: optional(
    oneOf(['with', 'leave'], {
      description: 'Folders of the host that it mounts: in the backup, or left out knowingly',
    }),
  ),
});
/** How a domain is backed up. */
export type DomainBackupRequest = Static<typeof domainBackupRequest>;

/** A backup that was taken. */
export const backupTaken = object(
  {
    backup,
    isComplete: boolean({ description: 'Whether all is in there that was to be' }),
    leftOut: list(leftOut, { description: 'What is not in there' }),
    mounts: list(leftOut, { description: 'Folders of the host that are in there' }),
    unread: list(string(), { description: 'Files that could not be read, which are not in there either' }),
    sockets: integer({ description: 'Sockets, which nobody keeps: programs make them anew' }),
    flagged: integer({
      description:
        'Files and folders that chattr has made immutable (+i) or append-only (+a): they come back without that',
    }),
    files: integer({ description: 'Files that were looked at' }),
    changedFiles: integer({ description: 'Of these, those that were new or other than in the last backup' }),
    bytes: number({ description: 'Sum of their lengths' }),
    addedBytes: number({
      description:
        'What is new in the repository: its length before it is packed of restic, after that of borg',
    }),
    seconds: number({ description: 'How long it took' }),
    frozenMs: nullable(
      number({
        description: 'How long its programs could not write, in milliseconds; null if none had to wait',
      }),
    ),
  },
  { title: 'BackupTaken', description: 'A backup that was taken' },
);
/** A backup that was taken. */
export type BackupTaken = Static<typeof backupTaken>;

/** How a domain's backups stand. */
export const backupStatus = object(
  {
    domain: string({ description: 'Its name' }),
    uuid: string({ description: 'Its UUID' }),
    state: oneOf(['ok', 'incomplete', 'failed', 'late', 'waiting', 'none'], {
      description:
        'By its last backup: ok; incomplete, where something of it is not in there; failed, where one was asked for since in vain; late, where one was due an hour ago and is not there. waiting is one whose first time is yet to come, none one without backups and without times for them',
    }),
    schedule: nullable(
      object(
        {
          when: string({ description: "As `@daily`, or cron's five fields" }),
          isOfHost: boolean({
            description: 'Whether it is that of ctvirtd.conf, which holds for all others',
          }),
        },
        { description: 'When backups are taken; null of one without times for them' },
      ),
    ),
    last: nullable(
      object(
        {
          id: string({ description: 'Of the repository' }),
          repository: string({ description: 'Where it lies' }),
          takenAt: string({ description: 'RFC 3339' }),
          ageSeconds: number({ description: 'How long ago that is' }),
        },
        {
          description:
            'The last that this daemon or one before it took, or that the repository has of it; null before the first',
        },
      ),
    ),
    failure: nullable(
      object(
        {
          at: string({ description: 'RFC 3339' }),
          error: string({ description: 'Why there is no backup of then' }),
        },
        { description: 'The last that was asked for in vain; null if another was taken since' },
      ),
    ),
    untold: nullable(
      string({
        description:
          'Of one without a last: why its repository could not be asked for backups of before, such as those of the host that it came from',
      }),
    ),
    nextAt: nullable(string({ description: 'When it is due; RFC 3339' })),
  },
  {
    title: 'BackupStatus',
    description: "How a domain's backups stand, as this daemon and those before it took them",
  },
);
/** How a domain's backups stand. */
export type BackupStatus = Static<typeof backupStatus>;

/** What is restored, and where to. */
export const restoreRequest = strict({
  domain: string({ minLength: 1, description: 'By the name or UUID that it had' }),
  repository: repositoryName,
  at: optional(
    string({
      minLength: 1,
      description:
        'As it was at this time (RFC 3339, or a day), or the id of a backup; the last one if missing',
    }),
  ),
  path: optional(string({ minLength: 1, description: 'Only this file or folder of it' })),
  name: optional(string({ minLength: 1, description: 'As a new domain of this name' })),
  to: optional(
    string({
      minLength: 1,
      description: "Into a folder of the daemon's machine that is not there yet, by its absolute path",
    }),
  ),
});
/** What is restored, and where to. */
export type RestoreRequest = Static<typeof restoreRequest>;

/** What was restored. */
export const restored = object(
  {
    backup,
    domain: nullable(domainSummary),
    kept: nullable(keptRoot),
    to: nullable(string({ description: 'The folder that it is in now' })),
    leftOut: list(string(), { description: 'What was not in the backup, and is not touched' }),
    untouched: list(string(), {
      description:
        'Where the domain has folders of the host that are in the backup: a path below one brings it back',
    }),
    remarks: list(string(), { description: 'What a new domain has not of the other' }),
    seconds: number({ description: 'How long it took' }),
  },
  {
    title: 'Restored',
    description:
      'What was restored: a domain, whose files of before are kept, some of its files, or a folder',
  },
);
/** What was restored. */
export type Restored = Static<typeof restored>;

/** Which backups are checked. */
export const backupCheckRequest = strict({
  repository: repositoryName,
  whole: optional(boolean({ description: 'Read all that the repository holds, and no sample of it' })),
  domain: optional(string({ minLength: 1, description: 'Only those of this one, by name or UUID' })),
});
/** Which backups are checked. */
export type BackupCheckRequest = Static<typeof backupCheckRequest>;

/** A backup of which a sample was restored. */
export const backupChecked = object(
  {
    backup,
    files: integer({ description: 'Files that were restored and compared' }),
    bytes: number({ description: 'Sum of their lengths' }),
    differences: list(string(), { description: 'Files that did not come back as they were' }),
  },
  { title: 'BackupChecked', description: 'A backup of which a sample was restored and compared' },
);
/** A backup of which a sample was restored. */
export type BackupChecked = Static<typeof backupChecked>;

/** Which backups go. */
export const forgetRequest = strict({
  repository: repositoryName,
  domain: optional(string({ minLength: 1, description: 'Only those of this one, by name or UUID' })),
  keepLast: optional(integer({ minimum: 0, description: 'The last ones stay' })),
  keepDaily: optional(
    integer({ minimum: 0, description: 'The last one of each of the last days that have one stays' }),
  ),
  keepWeekly: optional(integer({ minimum: 0, description: 'The same by weeks' })),
  keepMonthly: optional(integer({ minimum: 0, description: 'The same by months' })),
  dryRun: optional(boolean({ description: 'Only tell what would go' })),
});
/** Which backups go. */
export type ForgetRequest = Static<typeof forgetRequest>;

/** What went and what stays. */
export const forgotten = object(
  {
    kept: list(backup, { description: 'Those that stay' }),
    removed: list(backup, { description: 'Those that went' }),
  },
  { title: 'Forgotten', description: 'Which backups went, and which stay' },
);
/** What went and what stays. */
export type Forgotten = Static<typeof forgotten>;
