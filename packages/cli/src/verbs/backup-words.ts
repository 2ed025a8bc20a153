// What the verbs of backups take and tell alike.
// SPDX-License-Identifier: Apache-2.0
import type { Backup } from '@ctvirt/api';
import type { Options } from '../verb.js';

/** Which repository. */
export const repositoryOption = {
  repository: {
    type: 'text',
    value: 'NAME',
    summary: 'Its name in ctvirtd.conf; not needed where there is one, or one called default',
  },
} as const satisfies Options;

/** The request's part of it. */
export const inRepository = (repository: string | undefined): { repository?: string } =>
  repository === undefined ? {} : { repository };

/** To the second: what --at takes. */
export const timeOf = ({ takenAt }: Backup): string => `${takenAt.slice(0, 19)}Z`;

/** Backups as rows of a table, below `backupColumns`. */
export const backupRows = (backups: readonly Backup[]): string[][] =>
  backups.map((backup) => [
    backup.id,
    backup.domain,
    timeOf(backup),
    backup.uuid,
    backup.leftOut.join(', ') || '-',
  ]);
export const backupColumns = ['Id', 'Domain', 'Taken', 'UUID', 'Without'];
