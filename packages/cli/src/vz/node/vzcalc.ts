// vzcalc: what part of the node a container uses, is promised and may have.
// SPDX-License-Identifier: Apache-2.0
import { isOff, lookUp } from '../containers.js';
import { VzError } from '../exit-codes.js';
import type { VzHost } from '../host.js';
import { isSaid, readOptions, type VzOptions } from '../options.js';
import { amountsOf, describeNumber, nodeOf } from './amounts.js';

/** Its options. */
export const vzcalcOptions = {
  verbose: { short: 'v', here: 'each resource, before the highest of them' },
} as const satisfies VzOptions;

type Share = number | undefined;

const shown = (share: Share): string => (share === undefined ? 'n/a' : describeNumber(share * 100));
const row = (name: string, shares: readonly Share[]): string =>
  `${name.padEnd(12)}${shares.map((share) => shown(share).padStart(12)).join('')}\n`;

/** Prints percentages of the node. */
export async function vzcalc(host: VzHost, words: readonly string[]): Promise<number> {
  const given = readOptions(words, vzcalcOptions);
  const [word, ...more] = given.words;
  if (word === undefined || more.length > 0) throw new VzError('syntax', 'vzcalc [-v] CTID');
  const container = await lookUp(host.client, word);
  if (container === undefined) throw new VzError('noContainer', `Container ${word} is not found`);
  const [report, node, { pageSize }] = await Promise.all([
    host.client.beancounters.show({ domain: container.uuid }),
    nodeOf(host),
    host.facts,
  ]);
  const amounts = amountsOf(report, pageSize);
  const isUp = !isOff(container);
  const now = (part: number, whole: number): Share => (isUp ? part / whole : undefined);
  const { lowBytes: low, ramBytes: ram, ramAndSwapBytes: all, processes } = node;
  const rows: (readonly [name: string, current: Share, promised: Share, most: Share])[] = [
    ['Low Mem', now(amounts.lowHeld, low), amounts.lowLimit / low, amounts.lowLimit / low],
    ['Total RAM', now(amounts.ramHeld, ram), undefined, undefined],
    ['Mem + Swap', now(amounts.swapHeld, all), amounts.swapPromised / all, undefined],
    [
      'Alloc. Mem',
      now(amounts.allocationHeld, all),
      amounts.allocationPromised / all,
      amounts.allocationLimit / all,
    ],
    ['Num. Proc', now(amounts.processesHeld, processes), undefined, amounts.processesLimit / processes],
  ];
  const highest = ([1, 2, 3] as const).map((at): Share => {
    const shares = rows.flatMap((one) => one[at] ?? []);
    return shares.length === 0 ? undefined : Math.max(...shares);
  });
  const heading = `${'Resource'.padEnd(12)}${['Current(%)', 'Promised(%)', 'Max(%)'].map((head) => head.padStart(12)).join('')}\n`;
  const each = rows.map(([name, ...shares]) => row(name, shares)).join('');
  host.print(
    `${heading}${isSaid(given, 'verbose') ? `${each}${'-'.repeat(48)}\n` : ''}${row('Memory', highest)}`,
  );
  return 0;
}
