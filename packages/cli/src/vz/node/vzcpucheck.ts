// vzcpucheck: the CPU units of containers against those of the node.
// SPDX-License-Identifier: Apache-2.0
import { VzError } from '../exit-codes.js';
import type { VzHost } from '../host.js';
import { isSaid, readOptions, type VzOptions } from '../options.js';

/** Its options. */
export const vzcpucheckOptions = {
  verbose: { short: 'v', here: 'a line for each container, too' },
} as const satisfies VzOptions;

/** The node's power is what `ctvirt guarantees` gives its processors. */
export async function vzcpucheck(host: VzHost, words: readonly string[]): Promise<number> {
  const given = readOptions(words, vzcpucheckOptions);
  if (given.words.length > 0) throw new VzError('syntax', 'vzcpucheck [-v]');
  const { client } = host;
  const { rows, domains } = await client.guarantees.show();
  const power = Math.round(rows.find(({ resource }) => resource === 'cpu')?.capacity ?? 0);
  const used = domains.reduce((sum, { cpuUnits }) => sum + cpuUnits, 0);
  if (isSaid(given, 'verbose')) {
    const all = await client.domains.list();
    const ctids = new Map(all.map(({ name, ctid }) => [name, ctid]));
    const lines = domains.map(
      ({ name, cpuUnits }) =>
        `${String(ctids.get(name) ?? name).padStart(10)} ${String(cpuUnits).padStart(10)}\n`,
    );
    host.print(`      CTID      units\n${lines.join('')}`);
  }
  host.print(`Current CPU utilization: ${used}\nPower of the node: ${power}\n`);
  if (used > power) host.print('Node is overcommitted\n');
  return 0;
}
