// The numbers that are kept of each domain, in the order in which they lie in files: a new one would be another form of them.
// SPDX-License-Identifier: Apache-2.0
import type { HistoryPoints, SeriesName, SeriesValues } from '@ctvirt/api';

/** One for each series, in order; not a number where it is not known. */
export type Values = readonly number[];

/** Each with its unit. */
const units = {
  cpu: 'processors',
  throttled: 'part',
  waited: 'part',
  memory: 'bytes',
  swap: 'bytes',
  memoryStalled: 'part',
  processes: 'count',
  disk: 'bytes',
  diskRead: 'bytes/s',
  diskWritten: 'bytes/s',
  received: 'bytes/s',
  sent: 'bytes/s',
  ioWaited: 'part',
  refused: 'count/s',
  promisedMemory: 'bytes',
} as const satisfies Readonly<Record<SeriesName, HistoryPoints['unit']>>;

/** Their names, in order. */
export const series: readonly SeriesName[] = Object.keys(units).filter(isSeries);

/** Whether there is one of this name. */
export function isSeries(name: string): name is SeriesName {
  return Object.hasOwn(units, name);
}

export const unitOf = (name: SeriesName): HistoryPoints['unit'] => units[name];

/** Of what nothing is known. */
export const unknown: Values = series.map(() => Number.NaN);

/** In order. */
export const valuesOf = (known: Readonly<Record<SeriesName, number>>): Values =>
  series.map((name) => known[name]);

/** By name; null where it is not known. */
export function namedValues(values: Values): SeriesValues {
  const value = (name: SeriesName): number | null => known(values[series.indexOf(name)]);
  return {
    cpu: value('cpu'),
    throttled: value('throttled'),
    waited: value('waited'),
    memory: value('memory'),
    swap: value('swap'),
    memoryStalled: value('memoryStalled'),
    processes: value('processes'),
    disk: value('disk'),
    diskRead: value('diskRead'),
    diskWritten: value('diskWritten'),
    received: value('received'),
    sent: value('sent'),
    ioWaited: value('ioWaited'),
    refused: value('refused'),
    promisedMemory: value('promisedMemory'),
  };
}

/** As it is told; what was read of a file that is damaged may be anything. */
export const known = (value: number | undefined): number | null =>
  value === undefined || !Number.isFinite(value) || value < 0 ? null : rounded(value);

/** As many digits as a float of 32 bits has; whole numbers, such as bytes, are exact as it has them. */
const rounded = (value: number): number => (Number.isInteger(value) ? value : Number(value.toPrecision(7)));

/** The mean of what is known of each. */
export const averageOf = (rows: readonly Values[]): Values =>
  joined(
    rows,
    (sum, value) => sum + value,
    (sum, count) => sum / count,
  );

/** The highest that is known of each. */
export const mostOf = (rows: readonly Values[]): Values => joined(rows, Math.max);

/** The last that is known of each. */
export const newestOf = (rows: readonly Values[]): Values => joined(rows, (_, one) => one);

/** The sum of what is known of each. */
export const sumOfRows = (rows: readonly Values[]): Values => joined(rows, (sum, value) => sum + value);

/** Loops, since a thousand domains are joined every minute. */
function joined(
  rows: readonly Values[],
  join: (all: number, one: number) => number,
  end: (all: number, count: number) => number = (all) => all,
): Values {
  const values: number[] = [];
  for (let at = 0; at < series.length; at++) {
    let all = Number.NaN;
    let count = 0;
    for (const row of rows) {
      const value = row[at] ?? Number.NaN;
      if (Number.isNaN(value)) continue;
      all = count++ === 0 ? value : join(all, value);
    }
    values.push(end(all, count));
  }
  return values;
}
