// The report of a conversion as people read it: one line for each key, what is lost standing out.
// SPDX-License-Identifier: Apache-2.0
import { styleText } from 'node:util';
import type { ReportRow, ReportStatus } from '@ctvirt/formats';
import { formatTable } from '../table.js';

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

/** Key, place, status and its reason, aligned; empty for an empty report. */
export function reportTable(report: readonly ReportRow[], colour: boolean): string {
  if (report.length === 0) return '';
  const rows = report.map(({ key, file, line, status, how }) => [
    key,
    line > 0 ? `${file}:${line}` : file,
    status,
    how,
  ]);
  const text = formatTable(['Key', 'Where', 'Status', 'How, or why not'], rows);
  if (!colour) return text;
  const lines = text.split('\n');
  return lines
    .map((line, at) => {
      const status = report[at - 2]?.status;
      return status === undefined ? line : styleText(colours[status], line, { validateStream: false });
    })
    .join('\n');
}
