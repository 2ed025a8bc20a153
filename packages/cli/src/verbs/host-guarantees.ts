// ctvirt guarantees
// SPDX-License-Identifier: Apache-2.0
import type { DeliveryReport, GuaranteeReport, WhatIfReport } from '@ctvirt/api';
import { CliError, locate } from '../errors.js';
import { shownName } from '../input-name.js';
import { formatTable } from '../table.js';
import { verb } from '../verb.js';
import { describeBytes } from '../wording.js';

/** JSON is the ledger, or with `--delivered` an array of what each domain was given; memory is in bytes. */
export const guarantees = verb({
  name: 'guarantees',
  group: 'Host',
  summary: 'Show what this host has, has promised, and can still promise',
  details: [
    'Allocation is what vmguarpages and min_guarantee promise, survival what oomguarpages does, both of memory and swap together; kernel memory counts in both. The formulas are those of vzmemcheck and vzcpucheck.',
    'What cannot be kept is refused, remarked or let pass as ctvirtd.conf says.',
    '--delivered compares what each running domain was promised with what it was given. Processor shares are percent of one processor, as CPULIMIT has them; waited, throttled and stalled are percent of the time. A promise is broken if a domain had less than its share while it waited for a processor, if memory below its guarantee was taken, or if a process was killed below oomguarpages. A dash is what this kernel does not tell; cgroup v1 tells neither who waits nor what is reclaimed.',
  ],
  args: {
    domain: {
      summary: 'With --delivered: only of this one, by name or UUID',
      complete: 'domain',
      optional: true,
    },
  },
  options: {
    domains: { type: 'flag', summary: 'What each running domain is promised and holds' },
    delivered: { type: 'flag', summary: 'What each running domain was given over the last minutes' },
    minutes: {
      type: 'whole',
      value: 'MINUTES',
      summary: 'With --delivered: how far back, up to 15 (default: 5)',
    },
    'what-if': {
      type: 'text',
      value: 'PROFILE|FILE',
      summary: 'How many more domains of this profile fit, or of the document in FILE (NAME.xml, or -)',
      complete: 'profile',
    },
    count: {
      type: 'whole',
      value: 'N',
      summary: 'With --what-if: what the ledger would be with so many of them, and where they would run',
    },
  },
  example: {
    command: 'ctvirt guarantees --what-if vps.basic',
    does: 'Shows the ledger, and how many more of that profile can be promised theirs.',
  },
  async run(context, { args: { domain }, options: { domains, delivered, minutes, 'what-if': more, count } }) {
    if (delivered && (domains || more !== undefined))
      throw new CliError('usage', 'guarantees: --delivered excludes --domains and --what-if');
    if (domain !== undefined && !delivered)
      throw new CliError('usage', 'guarantees: DOMAIN goes with --delivered');
    if (minutes !== undefined && (!delivered || minutes < 1 || minutes > 15))
      throw new CliError('usage', 'guarantees: --minutes goes with --delivered, and is 1 to 15');
    if (delivered) {
      const reports = await context.client.guarantees.delivered({ domain, minutes });
      context.print(reports, (width) => deliveredTable(reports, width));
      return;
    }
    if (count !== undefined && (more === undefined || count < 1))
      throw new CliError('usage', 'guarantees: --count goes with --what-if, and is 1 or more');
    const table = domains ? domainTable : ledgerTable;
    if (more === undefined) {
      const report = await context.client.guarantees.show();
      context.print(report, (width) => table(report, width));
      return;
    }
    const of = /(?:^-|\.xml)$/.test(more) ? { xml: await context.readXml(more) } : { profile: more };
    const call = context.client.guarantees.whatIf({ body: { ...of, ...(count !== undefined && { count }) } });
    const report = await ('xml' in of ? locate(more, call) : call);
    context.print(report, (width) => {
      const after = count === undefined ? '' : afterTable(report, width);
      return `${table(report, width)}${after}${fitting(report, shownName(more))}\n`;
    });
  },
});

type LedgerRow = GuaranteeReport['rows'][number];

const amount = ({ unit }: Pick<LedgerRow, 'unit'>, value: number): string => {
  if (unit !== 'bytes') return String(value);
  return value < 0 ? `-${describeBytes(-value)}` : describeBytes(value);
};

function fitting({ fits, fitsBy, rows, promisesNothing }: GuaranteeReport, profile: string): string {
  const nothing = `${profile} promises nothing: any number fits by promises`;
  if (fits === null) return nothing;
  if (promisesNothing) return `${nothing}; the usual share of processors is there for ${fits} more`;
  const row = rows.find(({ resource }) => resource === fitsBy?.resource);
  const why =
    row === undefined || fitsBy === null
      ? ''
      : `: ${row.resource} runs out first, ${amount(row, fitsBy.each)} for each`;
  return `${fits} more of ${profile} fit${why}`;
}

const consequences: Readonly<Record<GuaranteeReport['policy'], string>> = {
  strict: 'refused',
  warn: 'let in with a warning',
  off: 'let in',
};

function ledgerTable({ rows, policy }: GuaranteeReport, width: number): string {
  const over = rows.filter(({ headroom }) => headroom !== null && headroom < 0);
  const remarks = over.map(
    (row) =>
      `More ${row.resource} is promised than there is: a further promise of it is ${consequences[policy]} (guarantees = "${policy}" in ctvirtd.conf)\n`,
  );
  const table = formatTable(
    ['Resource', 'Capacity', 'Reserve', 'Guaranteed', 'Limited', 'Used', 'Headroom', 'Promised by'],
    rows.map((row) => {
      const { resource, unit, capacity, reserve, guaranteed, limited, used, headroom, promisedBy } = row;
      const show = (value: number): string => amount(row, value);
      const noneOr = (value: number | null, none: string): string => (value === null ? none : show(value));
      return [
        resource,
        show(capacity),
        show(reserve),
        headroom === null ? '-' : show(guaranteed),
        noneOr(limited, 'unlimited'),
        unit === 'units' ? '-' : show(used),
        noneOr(headroom, '-'),
        headroom === null ? '-' : promisedBy,
      ];
    }),
    width,
  );
  return [table, ...remarks].join('');
}

/** What so many more come to, or those that are asked about with other parameters, beside what there is. */
export function afterTable(
  { count, rows, after, isKept, policy, processors }: WhatIfReport,
  width: number,
  then = `With ${count} more`,
): string {
  const table = formatTable(
    ['Resource', 'Guaranteed', then, 'Headroom'],
    rows.flatMap((row, at) => {
      const next = after[at];
      if (next === undefined || next.headroom === null) return [];
      return [
        [row.resource, amount(row, row.guaranteed), amount(row, next.guaranteed), amount(row, next.headroom)],
      ];
    }),
    width,
  );
  const places = (processors ?? []).map((on) => on.join(','));
  const shown = `${places.slice(0, mostPlaces).join('; ')}${places.length > mostPlaces ? '; ...' : ''}`;
  return [
    table,
    ...(places.length > 0 ? [`Processors of each: ${shown}\n`] : []),
    ...(isKept
      ? []
      : [`Not all of them can be kept to their promises: what is more is ${consequences[policy]}\n`]),
  ].join('');
}

/** Of more nobody reads which processors each has. */
const mostPlaces = 16;

function domainTable({ domains }: GuaranteeReport, width: number): string {
  return formatTable(
    ['Name', 'Allocation', 'Survival', 'Limit', 'Memory', 'Swap', 'Processes', 'CPU units'],
    domains.map((domain) => [
      domain.name,
      describeBytes(domain.allocationBytes),
      describeBytes(domain.survivalBytes),
      domain.memoryMaxBytes === null ? 'unlimited' : describeBytes(domain.memoryMaxBytes),
      describeBytes(domain.memoryBytes),
      describeBytes(domain.swapBytes),
      String(domain.processes),
      String(domain.cpuUnits),
    ]),
    width,
  );
}

function deliveredTable(reports: readonly DeliveryReport[], width: number): string {
  const percent = (share: number | null | undefined): string =>
    share === null || share === undefined ? '-' : `${Math.round(share * 100)} %`;
  const count = (value: number | null | undefined): string => String(value ?? '-');
  const bytes = (value: number | null | undefined): string =>
    value === null || value === undefined ? '-' : describeBytes(value);
  return formatTable(
    [
      ...['Name', 'Over', 'CPU promised', 'CPU had', 'Throttled', 'Waited', 'CPU promise'],
      ...['Guaranteed', 'Held least', 'Held most', 'Reclaims', 'Kills', 'Stalled', 'Memory promise'],
    ],
    reports.map(({ name, given, cpu, memory }) => [
      name,
      given === null ? '-' : `${Math.round(given.seconds)} s`,
      percent(cpu.promisedShare),
      percent(given?.cpuShare),
      percent(given?.throttledShare),
      percent(given?.waitedShare),
      cpu.verdict ?? '-',
      bytes(Math.max(memory.allocationBytes, memory.survivalBytes)),
      bytes(given?.leastMemoryBytes),
      bytes(given?.mostMemoryBytes),
      count(given?.reclaims),
      count(given?.kills),
      percent(given?.stalledShare),
      memory.verdict ?? '-',
    ]),
    width,
  );
}
