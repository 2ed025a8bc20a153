// ctvirt backup status
// SPDX-License-Identifier: Apache-2.0
import type { BackupStatus } from '@ctvirt/api';
import { incompleteStatus } from '../exit-status.js';
import { formatTable } from '../table.js';
import { verb } from '../verb.js';
import { timeOf } from './backup-words.js';

/** JSON is an array of how they stand. */
export const backupStatus = verb({
  name: 'backup status',
  group: 'Backups',
  summary: 'Tell of each domain when its last backup was, and what failed or is late',
  details: [
    'It is what the daemon remembers. Of a domain that it has backed up never, such as one that has come from another host, it asks the repository, and says why where that cannot be asked. A domain is late whose backup was due an hour ago and is not there. waiting is one whose first time is yet to come, none one that has neither backups nor times for them.',
    'The exit status is 19 where one has failed, is late, or is not complete, and 3 where ctvirtd.conf names no repository.',
  ],
  args: {
    domain: { summary: 'Only this one, by name or UUID', complete: 'domain', optional: true },
  },
  options: {},
  example: { command: 'ctvirt backup status', does: 'Tells whether the backups of the night are there.' },
  async run(context, { args: { domain } }) {
    const all = await context.client.backups.status({ domain });
    context.print(all, (width) =>
      [
        formatTable(columns, all.map(row), width),
        ...all.flatMap(({ domain: name, failure }) =>
          failure === null ? [] : [`${name}: ${timeOf({ takenAt: failure.at })}: ${failure.error}\n`],
        ),
        ...untoldOf(all).map(
          ([why, names]) => `${names.join(', ')}: earlier backups are not known: ${why}\n`,
        ),
      ].join(''),
    );
    const isWanting = ({ state }: BackupStatus): boolean =>
      state === 'failed' || state === 'late' || state === 'incomplete';
    return all.some(isWanting) ? incompleteStatus : 0;
  },
});

/** Many may have one reason. */
function untoldOf(all: readonly BackupStatus[]): [string, string[]][] {
  const found = new Map<string, string[]>();
  for (const { domain, untold } of all)
    if (untold !== null) found.set(untold, [...(found.get(untold) ?? []), domain]);
  return [...found];
}

const columns = ['Domain', 'State', 'Last', 'Age', 'Schedule', 'Next'];

const row = ({ domain, state, last, schedule, nextAt }: BackupStatus): string[] => [
  domain,
  state,
  last === null ? '-' : timeOf(last),
  last === null ? '-' : ageOf(last.ageSeconds),
  schedule === null ? '-' : `${schedule.when}${schedule.isOfHost ? ' (host)' : ''}`,
  nextAt === null ? '-' : timeOf({ takenAt: nextAt }),
];

const units = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
] as const;

function ageOf(seconds: number): string {
  const [size, unit] = units.find(([length]) => seconds >= length) ?? [1, 's'];
  return `${Math.floor(seconds / size)} ${unit}`;
}
