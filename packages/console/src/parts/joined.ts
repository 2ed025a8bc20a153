// A report beside what it speaks of: each line of a configuration with what became of the keys in it.
// SPDX-License-Identifier: Apache-2.0
import type { ReportRow } from '@ctvirt/api/browser';
import type { TextFile } from '../state/pasted.js';

/** One line, from 1, with what is told of it. */
export interface JoinedLine {
  readonly line: number;
  readonly text: string;
  readonly rows: readonly ReportRow[];
}

/** A file line by line; `others` have no line of their own in any file. */
export interface Joined {
  readonly files: readonly { readonly path: string; readonly lines: readonly JoinedLine[] }[];
  readonly others: readonly ReportRow[];
}

/** Files that nothing is told of are left out. */
export function joined(sources: readonly TextFile[], report: readonly ReportRow[]): Joined {
  const placed = new Set<ReportRow>();
  const files = sources.flatMap(({ path, text }) => {
    const own = report.filter(({ file }) => file === path);
    if (own.length === 0) return [];
    const lines = text.replace(/\n$/, '').split('\n');
    return [
      {
        path,
        lines: lines.map((one, at) => {
          const rows = own.filter(({ line }) => line === at + 1);
          for (const row of rows) placed.add(row);
          return { line: at + 1, text: one, rows };
        }),
      },
    ];
  });
  return { files, others: report.filter((row) => !placed.has(row)) };
}

/** How many of each. */
export function tally(report: readonly ReportRow[]): Record<ReportRow['status'], number> {
  const counts = { carried: 0, approximated: 0, ignored: 0 };
  for (const { status } of report) counts[status]++;
  return counts;
}
