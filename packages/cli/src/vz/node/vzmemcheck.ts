// vzmemcheck: how much of the node's memory is used, promised and allowed.
// SPDX-License-Identifier: Apache-2.0
import { VzError } from '../exit-codes.js';
import type { VzHost } from '../host.js';
import { isSaid, readOptions, type VzOptions } from '../options.js';
import { type Amounts, amountsOf, describeNumber, describeShare, type Node, nodeOf } from './amounts.js';

/** Its options. */
export const vzmemcheckOptions = {
  verbose: { short: 'v', here: 'a line for each container, too' },
  absolute: { short: 'A', here: 'in MiB: what is used and promised, then what there is' },
} as const satisfies VzOptions;

const columns: readonly {
  readonly head: readonly [string, string];
  readonly part: (amounts: Amounts) => number;
  readonly whole: (node: Node) => number;
}[] = [
  { head: ['LowMem', 'util'], part: (one) => one.lowHeld, whole: (node) => node.lowBytes },
  { head: ['LowMem', 'commit'], part: (one) => one.lowLimit, whole: (node) => node.lowBytes },
  { head: ['RAM', 'util'], part: (one) => one.ramHeld, whole: (node) => node.ramBytes },
  { head: ['MemSwap', 'util'], part: (one) => one.swapHeld, whole: (node) => node.ramAndSwapBytes },
  { head: ['MemSwap', 'commit'], part: (one) => one.swapPromised, whole: (node) => node.ramAndSwapBytes },
  { head: ['Alloc', 'util'], part: (one) => one.allocationHeld, whole: (node) => node.ramAndSwapBytes },
  { head: ['Alloc', 'commit'], part: (one) => one.allocationPromised, whole: (node) => node.ramAndSwapBytes },
  { head: ['Alloc', 'limit'], part: (one) => one.allocationLimit, whole: (node) => node.ramAndSwapBytes },
];

const MEBIBYTE = 2 ** 20;

/** All that run are counted, those of other types than openvz by their names. */
export async function vzmemcheck(host: VzHost, words: readonly string[]): Promise<number> {
  const given = readOptions(words, vzmemcheckOptions);
  if (given.words.length > 0) throw new VzError('syntax', 'vzmemcheck [-v] [-A]');
  const [isVerbose, isAbsolute] = [isSaid(given, 'verbose'), isSaid(given, 'absolute')];
  const [reports, node, { pageSize }] = await Promise.all([
    host.client.beancounters.list(),
    nodeOf(host),
    host.facts,
  ]);
  const each = reports.map((report) => ({
    label: String(report.ctid ?? report.name),
    amounts: amountsOf(report, pageSize),
  }));
  const line = (label: string, cells: readonly string[]): string =>
    `${isVerbose ? label.padEnd(11) : ''}${cells.map((cell) => cell.padStart(7)).join(' ')}\n`;
  const shown = (part: number, whole: number): string =>
    isAbsolute ? describeNumber(part / MEBIBYTE) : describeShare(part, whole);
  const rows = each.map(({ label, amounts }) =>
    line(
      label,
      columns.map(({ part, whole }) => shown(part(amounts), whole(node))),
    ),
  );
  const sums = columns.map(({ part }) => each.reduce((sum, { amounts }) => sum + part(amounts), 0));
  const total = columns.map(({ whole }, at) => shown(sums[at] ?? 0, whole(node)));
  host.print(
    [
      `Output values in ${isAbsolute ? 'Mbytes' : '%'}\n`,
      line(
        'CTID',
        columns.map(({ head }) => head[0]),
      ),
      line(
        '',
        columns.map(({ head }) => head[1]),
      ),
      ...(isVerbose ? [...rows, `${'-'.repeat(11 + columns.length * 8 - 1)}\n`] : []),
      line('Summary:', total),
      ...(isAbsolute
        ? [
            line(
              '',
              columns.map(({ whole }) => describeNumber(whole(node) / MEBIBYTE)),
            ),
          ]
        : []),
    ].join(''),
  );
  return 0;
}
