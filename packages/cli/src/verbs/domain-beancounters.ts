// ctvirt beancounters
// SPDX-License-Identifier: Apache-2.0
import { ApiError, type BeancounterReport, type BeancounterRow } from '@ctvirt/api';
import { formatUserBeancounters } from '@ctvirt/formats';
import { formatTable } from '../table.js';
import { verb } from '../verb.js';
import { anyDomain } from './arguments.js';

/** JSON is one report where a domain is named, else an array of them; amounts have the units of OpenVZ's resources. */
export const beancounters = verb({
  name: 'beancounters',
  aliases: ['ubc'],
  group: 'Domains',
  summary: 'Show what a domain holds, held at most, may hold, and was refused',
  details: [
    'Maxheld and failcnt count from the start of the domain and outlive the daemon. A failcnt that rises says that a program inside got an error.',
    "A dash is a number that this kernel does not tell, or no limit. --proc has OpenVZ's own form, which knows neither: there they are 0 and 9223372036854775807.",
    'Open files, terminals, signals, locks and sockets, which no cgroup counts, are counted now for one domain; for all of them the last count is shown, which `countedAt` of --json dates.',
    'Of a domain with more than 50,000 open files not all are looked at: a warning says so, terminals are then at least as many as are shown, and before Linux 6.2 open files, too.',
  ],
  args: {
    domain: { ...anyDomain, optional: true, summary: `${anyDomain.summary}; without it, all that run` },
  },
  options: {
    proc: { type: 'flag', summary: "As OpenVZ's /proc/user_beancounters has it" },
    failed: { type: 'flag', summary: 'Only what was refused' },
    how: { type: 'flag', summary: 'Say what each line counts' },
  },
  example: { command: 'ctvirt beancounters web', does: "Shows the accounting of 'web'." },
  async run(context, { args: { domain }, options: { proc, failed, how } }) {
    const { client } = context;
    const reports =
      domain === undefined ? await client.beancounters.list() : [await client.beancounters.show({ domain })];
    for (const { name, uncounted } of reports)
      if (uncounted > 0)
        context.remark(
          `domain '${name}' has too many open files to look at: numpty, and before Linux 6.2 numfile, are at least what is shown`,
        );
    if (proc) {
      for (const { name, startedAt } of reports)
        if (startedAt === null)
          throw new ApiError(
            'wrong-state',
            `domain '${name}' is not running, and /proc/user_beancounters has only those that run; leave out --proc`,
          );
      context.print(reports, () => formatUserBeancounters(reports.map(blockOf)));
      return;
    }
    const shown = failed
      ? reports.map((report) => ({ ...report, rows: report.rows.filter((row) => (row.failcnt ?? 0) > 0) }))
      : reports;
    context.print(domain === undefined ? shown : shown[0], (width) =>
      tableOf(shown, width, { isOne: domain !== undefined, how }),
    );
  },
});

const blockOf = ({ ctid, uuid, rows }: BeancounterReport) => ({ uid: String(ctid ?? uuid), lines: rows });

function tableOf(
  reports: readonly BeancounterReport[],
  width: number,
  { isOne, how }: { isOne: boolean; how: boolean },
): string {
  const optional = (isThere: boolean, cell: string): string[] => (isThere ? [cell] : []);
  const row = (name: string, one: BeancounterRow): string[] => [
    ...optional(!isOne, name),
    one.resource,
    one.unit,
    ...[one.held, one.maxheld, one.barrier, one.limit, one.failcnt].map((value) =>
      value === null ? '-' : String(value),
    ),
    ...optional(how, one.how),
  ];
  return formatTable(
    [
      ...optional(!isOne, 'Domain'),
      'Resource',
      'Unit',
      'Held',
      'Maxheld',
      'Barrier',
      'Limit',
      'Failcnt',
      ...optional(how, 'How'),
    ],
    reports.flatMap(({ name, rows }) => rows.map((one) => row(name, one))),
    width,
  );
}
