// How the backups of domains stand, by what is remembered of them.
// SPDX-License-Identifier: Apache-2.0
import type { BackupStatus } from '@ctvirt/api';
import type { Entry } from '../registry/registry.js';
import type { BackupSchedule } from '../schedule/backups.js';
import type { NextTimes } from '../schedule/times.js';
import type { BackupHistory, BackupTimes } from '../state/backup-times.js';
import { backupsOf } from './backup-scheduler.js';

/** Dependencies of `statusOf`. */
export interface StatusParts {
  readonly backupTimes: Pick<BackupTimes, 'get'>;
  readonly backupSchedule: BackupSchedule | undefined;
  /** Times of schedules, in the host's zone. */
  readonly next: Pick<NextTimes, 'after'>;
  /** Why earlier ones of a domain could not be looked for, by its UUID. */
  readonly untold?: ReadonlyMap<string, string>;
}

/** So long one may take, or wait for others. */
const GRACE_MS = 3_600_000;

type Said = Pick<Entry, 'record'>;

/** Of one domain. */
export function statusOf(
  entry: Said,
  { backupTimes, backupSchedule, untold, next: times }: StatusParts,
  now: Date = new Date(),
): BackupStatus {
  const { name, uuid, schedule: own } = entry.record;
  const schedule = backupsOf(entry, backupSchedule);
  const known = backupTimes.get(uuid);
  const { last, failure, obeyed } = known;
  const dueAfter = obeyed !== undefined && obeyed.when === schedule?.when ? obeyed.at : undefined;
  const next = schedule && times.after(schedule.when, dueAfter === undefined ? now : new Date(dueAfter));
  return {
    domain: name,
    uuid,
    state: stateOf(known, schedule, { now, times }),
    schedule: schedule === undefined ? null : { when: schedule.when, isOfHost: own?.backups === undefined },
    last:
      last === undefined
        ? null
        : {
            id: last.id,
            repository: last.repository,
            takenAt: last.takenAt,
            ageSeconds: Math.round((now.valueOf() - Date.parse(last.takenAt)) / 1000),
          },
    failure: failure ?? null,
    untold: untold?.get(uuid) ?? null,
    nextAt: next?.toISOString() ?? null,
  };
}

function stateOf(
  { last, failure, obeyed }: BackupHistory,
  schedule: BackupSchedule | undefined,
  { now, times }: { readonly now: Date; readonly times: StatusParts['next'] },
): BackupStatus['state'] {
  if (failure !== undefined) return 'failed';
  if (schedule !== undefined && obeyed?.when === schedule.when) {
    const from = Math.max(Date.parse(obeyed.since), last === undefined ? 0 : Date.parse(last.takenAt));
    const due = times.after(schedule.when, new Date(from));
    if (due !== undefined && due.valueOf() + GRACE_MS < now.valueOf()) return 'late';
  }
  if (last === undefined) return schedule === undefined ? 'none' : 'waiting';
  return last.isComplete ? 'ok' : 'incomplete';
}
