// ctvirt traffic
// SPDX-License-Identifier: Apache-2.0
import type { TrafficReport } from '@ctvirt/api';
import { formatTable } from '../table.js';
import { verb } from '../verb.js';
import { describeBytes } from '../wording.js';
import { anyDomain } from './arguments.js';

/** JSON is an array of reports in both cases, since a name may have been had by several; counts are decimal text. */
export const traffic = verb({
  name: 'traffic',
  group: 'Domains',
  summary: 'Show what passed the links of domains in a month, by days, for billing',
  details: [
    "Counted at the host's end of each link, headers of Ethernet included: in is towards the container. A link that shares one of the host's (type direct) has no such end, and is counted in the container. One that is handed over (hostdev) is not counted.",
    'Days and months are those of UTC; what passes around midnight may be counted ten seconds late.',
    'A domain is counted by its UUID, whatever it is called: across restarts of container, daemon and host. What is gone is shown with the name that it had. The last 13 months with any traffic are kept.',
    'With a domain: its days. Without: the sum of each domain. --json has the days of all, and exact numbers as decimal text, of any size.',
  ],
  args: {
    domain: {
      ...anyDomain,
      optional: true,
      summary: `${anyDomain.summary}; a name shows those that had it, too; without it, all`,
    },
  },
  options: {
    month: { type: 'text', value: 'YYYY-MM', summary: 'This month (default: the running one)' },
  },
  example: {
    command: 'ctvirt traffic web --month 2026-11',
    does: "Shows what 'web' received and sent on each day of November 2026, and in all.",
  },
  async run(context, { args: { domain }, options: { month } }) {
    const reports = await context.client.traffic.list({
      ...(domain === undefined ? {} : { domain }),
      ...(month === undefined ? {} : { month }),
    });
    context.print(reports, (width) =>
      domain === undefined
        ? sumTable(reports, width)
        : reports.map((report) => dayTable(report, width)).join(''),
    );
  },
});

type Passed = TrafficReport['total'];

const columns = ['In', 'Out', 'Packets in', 'Packets out'] as const;
/** Rounded for people anyway. */
const cells = ({ inBytes, outBytes, inPackets, outPackets }: Passed): string[] => [
  describeBytes(Number(inBytes)),
  describeBytes(Number(outBytes)),
  inPackets,
  outPackets,
];

const whose = ({ name, defined }: TrafficReport): string => (defined ? name : `${name} (gone)`);

const sumTable = (reports: readonly TrafficReport[], width: number): string =>
  formatTable(
    ['Name', 'UUID', ...columns],
    [
      ...reports.map((report) => [whose(report), report.uuid, ...cells(report.total)]),
      ['all', '', ...cells(reports.map(({ total }) => total).reduce(sum, none))],
    ],
    width,
  );

function dayTable(report: TrafficReport, width: number): string {
  const { uuid, days, total } = report;
  const rows = [...days.map((day) => [day.day, ...cells(day)]), [report.month, ...cells(total)]];
  return `${whose(report)} (${uuid})\n\n${formatTable(['Day', ...columns], rows, width)}`;
}

const none: Passed = { inBytes: '0', inPackets: '0', outBytes: '0', outPackets: '0' };
const add = (a: string, b: string): string => String(BigInt(a) + BigInt(b));
const sum = (a: Passed, b: Passed): Passed => ({
  inBytes: add(a.inBytes, b.inBytes),
  inPackets: add(a.inPackets, b.inPackets),
  outBytes: add(a.outBytes, b.outBytes),
  outPackets: add(a.outPackets, b.outPackets),
});
