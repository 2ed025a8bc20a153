// When a domain is backed up, where to and what is kept of it: as a document has it, and as ctvirtd.conf has it for all others.
// SPDX-License-Identifier: Apache-2.0

import { EngineError } from '../errors.js';
import type { Keep } from './retention.js';
import { checkWhen } from './times.js';

/** What becomes of folders of the host that a domain mounts: in the backup, or left out knowingly. */
export type MountsInBackup = 'with' | 'leave';

/** Backups at fixed times; all but the times may be missing. */
export interface BackupSchedule {
  /** `never` of a domain that is not to be backed up, whatever holds for all others. */
  readonly when: string;
  readonly repository?: string;
  readonly mounts?: MountsInBackup;
  readonly keep?: Keep;
}

/** What is said of it in words. */
export interface BackupWords {
  /** `host` is as all those of which nothing is said. */
  readonly backups?: string | undefined;
  readonly backupRepository?: string | undefined;
  readonly backupMounts?: MountsInBackup | undefined;
  readonly backupKeep?: Keep | undefined;
}

export const NEVER = 'never';
const HOST = 'host';
/** Whether it is a word that ends times, and none. */
export const isUntimed = (when: string): boolean => when === NEVER || when === HOST;

const kinds = ['last', 'daily', 'weekly', 'monthly'] as const;

/** By the names that its parts have in ctvirtd.conf, and with `backup-` before them in a document. */
type Parts = Readonly<Record<string, string>>;
const partNames: readonly string[] = ['repository', 'mounts', ...kinds.map((kind) => `keep-${kind}`)];
const ATTRIBUTE = 'backups';

/** Attributes of a document's schedule that are about backups. */
export const backupAttributes: readonly string[] = [ATTRIBUTE, ...partNames.map((name) => `backup-${name}`)];

/** Of the attributes; undefined where they say nothing of it. Throws `invalid`. */
export function backupsIn(attributes: Parts): BackupSchedule | undefined {
  const parts = Object.entries(attributes).flatMap(([name, value]) =>
    name.startsWith('backup-') ? [[name.slice('backup-'.length), value] as const] : [],
  );
  const { [ATTRIBUTE]: when } = attributes;
  if (when === undefined && parts.length === 0) return undefined;
  return scheduleOf(when, Object.fromEntries(parts));
}

/** Of a line such as `@daily keep-daily=7 keep-weekly=4`; throws `invalid`. */
export function backupsInLine(line: string): BackupSchedule {
  const words = line.split(' ').filter((word) => word !== '');
  const isPart = (word: string): boolean => word.includes('=');
  const parts = Object.fromEntries(
    words.filter(isPart).map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]),
  );
  return scheduleOf(words.filter((word) => !isPart(word)).join(' '), parts);
}

/** As attributes of a document. */
export function attributesOf({ when, repository, mounts, keep = {} }: BackupSchedule): Parts {
  return {
    [ATTRIBUTE]: when,
    ...(repository !== undefined && { 'backup-repository': repository }),
    ...(mounts !== undefined && { 'backup-mounts': mounts }),
    ...Object.fromEntries(
      kinds.flatMap((kind) => (keep[kind] ? [[`backup-keep-${kind}`, String(keep[kind])] as const] : [])),
    ),
  };
}

/** What was said before with what the words say; undefined where nothing is said any more. Throws `invalid`. */
export function backupsAfter(
  before: BackupSchedule | undefined,
  { backups, backupRepository, backupMounts, backupKeep }: BackupWords,
): BackupSchedule | undefined {
  if (backups === HOST) return undefined;
  if (backups === NEVER) return { when: NEVER };
  const repository = backupRepository ?? before?.repository;
  const mounts = backupMounts ?? before?.mounts;
  const keep = backupKeep ?? before?.keep;
  const after = {
    when: backups ?? before?.when ?? '',
    ...(repository !== undefined && { repository }),
    ...(mounts !== undefined && { mounts }),
    ...(keep !== undefined && { keep }),
  };
  const { [ATTRIBUTE]: when, ...parts } = attributesOf(after);
  return backupsIn({ ...parts, ...(when !== '' && { [ATTRIBUTE]: when }) });
}

function scheduleOf(when: string | undefined, parts: Parts): BackupSchedule {
  const strange = Object.keys(parts).find((name) => !partNames.includes(name));
  if (strange !== undefined)
    throw new EngineError('invalid', `backups have no '${strange}': it may be ${partNames.join(', ')}`);
  if (when === undefined || when === '' || (when === NEVER && Object.keys(parts).length > 0))
    throw new EngineError('invalid', 'the backups have no times: say when, such as @daily');
  if (when !== NEVER) checkWhen(when);
  const { repository, mounts } = parts;
  if (mounts !== undefined && mounts !== 'with' && mounts !== 'leave')
    throw new EngineError('invalid', `mounts in backups are 'with' or 'leave', not '${mounts}'`);
  if (repository !== undefined && !/^[\w.-]+$/.test(repository))
    throw new EngineError('invalid', `'${repository}' is no name of a repository`);
  const keep = keepIn(parts);
  return {
    when,
    ...(repository !== undefined && { repository }),
    ...(mounts !== undefined && { mounts }),
    ...(Object.keys(keep).length > 0 && { keep }),
  };
}

function keepIn(parts: Parts): Keep {
  return Object.fromEntries(
    kinds.flatMap((kind) => {
      const { [`keep-${kind}`]: count } = parts;
      if (count === undefined) return [];
      if (/^[1-9]\d{0,5}$/.test(count)) return [[kind, Number(count)] as const];
      throw new EngineError('invalid', `keep-${kind} is a number from 1, not '${count}'`);
    }),
  );
}
