// Backups of domains that came from another host, or back: their repository knows of them, if this host has it.
// SPDX-License-Identifier: Apache-2.0
import type { Repositories, Repository } from '../backup/repositories.js';
import type { Generation } from '../backup/tool.js';
import type { Entry } from '../registry/registry.js';
import type { BackupSchedule } from '../schedule/backups.js';
import { byTime } from '../schedule/retention.js';
import type { BackupTimes } from '../state/backup-times.js';
import { backupsOf } from './backup-scheduler.js';

/** Dependencies of `findEarlier`. */
export interface EarlierParts {
  readonly repositories: Pick<Repositories, 'get'>;
  readonly backupTimes: Pick<BackupTimes, 'get' | 'found'>;
  readonly backupSchedule: BackupSchedule | undefined;
}

/** Looks for the last backup of each that none is known of, and remembers it; returns by UUID why it could not look. */
export async function findEarlier(
  entries: readonly Pick<Entry, 'record'>[],
  { repositories, backupTimes, backupSchedule }: EarlierParts,
): Promise<ReadonlyMap<string, string>> {
  const untold = new Map<string, string>();
  const read = new Map<string | undefined, Promise<Listed>>();
  for (const entry of entries) {
    const { uuid } = entry.record;
    if (backupTimes.get(uuid).last !== undefined) continue;
    const schedule = backupsOf(entry, backupSchedule);
    const where = schedule?.repository;
    const listing = read.get(where) ?? list(where, repositories);
    read.set(where, listing);
    const listed = await listing;
    if ('why' in listed) {
      untold.set(uuid, listed.why);
      continue;
    }
    const [last] = listed.all.filter((one) => one.uuid === uuid).sort((a, b) => byTime(b, a));
    if (last === undefined) continue;
    const { id, takenAt, leftOut } = last;
    const isComplete = leftOut.length === 0 || schedule?.mounts === 'leave';
    await backupTimes.found(uuid, { id, takenAt, isComplete, repository: listed.name });
  }
  return untold;
}

type Listed = { readonly name: string; readonly all: readonly Generation[] } | { readonly why: string };

/** A repository that is away, or cannot be opened, is no failure of who asks how domains stand. */
async function list(name: string | undefined, repositories: EarlierParts['repositories']): Promise<Listed> {
  try {
    const { spec, tool }: Repository = repositories.get(name);
    if (!tool.exists()) return { why: `there is no repository in ${spec.path}` };
    return { name: spec.name, all: await tool.list() };
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
  }
}
