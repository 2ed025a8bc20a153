// The report of a conversion as people read it: one line for each key, what is lost standing out.
// SPDX-License-Identifier: Apache-2.0
import { styleText } from 'node:util';
import type { ReportRow, ReportStatus } from '@ctvirt/formats';
import { tableLines } from '../table.js';

const colours = { carried: 'green', approximated: 'yellow', ignored: 'red' } as const satisfies Readonly<
  Record<ReportStatus, string>
>;

/** How many keys each status has, such as `31 carried, 2 ignored`. */
export function summarize(report: readonly ReportRow[]): string {
  const counts = Object.keys(colours).flatMap((status) => {
    const count = report.filter((row) => row.status === status).length;
    return count === 0 ? [] : [`${count} ${status}`];
  });
  return counts.length === 0 ? 'nothing to report' : counts.join(', ');
}

/** Key, place, status and its reason, aligned, in so many columns of a terminal; empty for an empty report. */
export function reportTable(
  report: readonly ReportRow[],
  { colour, width }: { readonly colour: boolean; readonly width: number },
): string {
  if (report.length === 0) return '';
  const rows = report.map(({ key, file, line, status, how }) => [
    key,
    line > 0 ? `${file}:${line}` : file,
    status,
    how,
  ]);
  const { headLines, rule, rowLines } = tableLines(
    ['Key', 'Where', 'Status', 'How, or why not'],
    rows,
    width,
  );
  const painted = report.flatMap(({ status }, at) =>
    (rowLines[at] ?? []).map((line) =>
      colour ? styleText(colours[status], line, { validateStream: false }) : line,
    ),
  );
  return `${[...headLines, rule, ...painted].join('\n')}\n\n`;
}
