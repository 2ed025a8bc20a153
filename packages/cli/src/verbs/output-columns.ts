// Tables of which the usual columns fit a terminal, and all are there for who asks.
// SPDX-License-Identifier: Apache-2.0
import { noneOf } from '../suggestion.js';
import { formatTable } from '../table.js';
import type { Options } from '../verb.js';

/** A column of a table of these, by the name that `--output` has for it. */
export interface Column<T> {
  readonly head: string;
  readonly cell: (row: T) => string;
  /** Whether only who asks for it is shown it. */
  readonly isExtra?: true;
}

/** All that a table may show, in its order. */
export type Columns<T> = Readonly<Record<string, Column<T>>>;

const ALL = 'all';

/** What chooses among them. */
export const outputOption = (columns: Readonly<Record<string, unknown>>) =>
  ({
    output: {
      type: 'text',
      short: 'o',
      value: 'COLUMN,...',
      complete: [...Object.keys(columns), ALL],
      summary: `Show these columns, or ${ALL}: ${Object.keys(columns).join(', ')}`,
    },
  }) as const satisfies Options;

/** A table with the columns that `output` names, or the usual ones; `verb` is who was asked, for a name that is none. */
export function outputTable<T>(
  columns: Columns<T>,
  rows: readonly T[],
  {
    verb,
    output,
    width,
  }: { readonly verb: string; readonly output: string | undefined; readonly width: number },
): string {
  const names = Object.keys(columns);
  const wanted = output?.split(',').map((name) => name.trim().toLowerCase());
  for (const name of wanted ?? [])
    if (name !== ALL && !names.includes(name)) throw noneOf(`${verb}: --output`, name, [...names, ALL]);
  const shown = Object.entries(columns).filter(([, { isExtra }]) => isExtra !== true);
  const chosen =
    wanted === undefined
      ? shown
      : wanted.flatMap((name) => Object.entries(columns).filter(([one]) => name === ALL || one === name));
  return formatTable(
    chosen.map(([, { head }]) => head),
    rows.map((row) => chosen.map(([, { cell }]) => cell(row))),
    width,
  );
}
