// What the verbs of backups take and tell alike.
// SPDX-License-Identifier: Apache-2.0
import type { Backup } from '@ctvirt/api';
import type { Options } from '../verb.js';
import type { Columns } from './output-columns.js';

/** Which repository. */
export const repositoryOption = {
  repository: {
    type: 'text',
    value: 'NAME',
    summary: 'Its name in ctvirtd.conf; not needed where there is one, or one called default',
  },
} as const satisfies Options;

/** How many of each kind stay. */
export const keepOptions = {
  'keep-last': { type: 'whole', value: 'COUNT', summary: 'The last ones stay' },
  'keep-daily': { type: 'whole', value: 'COUNT', summary: 'One of each of so many days' },
  'keep-weekly': { type: 'whole', value: 'COUNT', summary: 'One of each of so many weeks' },
  'keep-monthly': { type: 'whole', value: 'COUNT', summary: 'One of each of so many months' },
} as const satisfies Options;

const kinds = ['last', 'daily', 'weekly', 'monthly'] as const;

/** What was said of that; undefined where nothing was. */
export function keepOf(
  options: Readonly<Record<keyof typeof keepOptions, number | undefined>>,
): Partial<Record<(typeof kinds)[number], number>> | undefined {
  const said = kinds.flatMap((kind) => {
    const count = options[`keep-${kind}`];
    return count === undefined ? [] : [[kind, count] as const];
  });
  return said.length === 0 ? undefined : Object.fromEntries(said);
}

/** The request's part of it. */
export const inRepository = (repository: string | undefined): { repository?: string } =>
  repository === undefined ? {} : { repository };

/** To the second: what --at takes. */
export const timeOf = ({ takenAt }: Pick<Backup, 'takenAt'>): string => `${takenAt.slice(0, 19)}Z`;

/** Of backups. */
export const backupColumns: Columns<Backup> = {
  id: { head: 'Id', cell: ({ id }) => id },
  domain: { head: 'Domain', cell: ({ domain }) => domain },
  taken: { head: 'Taken', cell: timeOf },
  uuid: { head: 'UUID', cell: ({ uuid }) => uuid, isExtra: true },
  repository: { head: 'Repository', cell: ({ repository }) => repository, isExtra: true },
  without: { head: 'Without', cell: ({ leftOut }) => leftOut.join(', ') || '-' },
};
