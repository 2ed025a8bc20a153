// ctvirt filter list
// SPDX-License-Identifier: Apache-2.0
import type { FilterSummary } from '@ctvirt/api';
import { formatTable } from '../table.js';
import { verb } from '../verb.js';

/** JSON is an array of filters in the order of the table. */
export const filterList = verb({
  name: 'filter list',
  aliases: ['nwfilter-list'],
  group: 'Network filters',
  summary: 'List network filters',
  details: ['Those that come with ctvirt have the names that they have under libvirt.'],
  args: {},
  options: {
    name: { type: 'flag', summary: 'Print names, one a line' },
    uuid: { type: 'flag', summary: 'Print UUIDs, one a line' },
  },
  example: {
    command: 'ctvirt filter list',
    does: 'Lists every network filter with its chain and the filters in it.',
  },
  async run(context, { options }) {
    const filters = await context.client.filters.list();
    context.print(filters, () => textOf(filters, options));
  },
});

function textOf(
  filters: readonly FilterSummary[],
  options: { readonly name: boolean; readonly uuid: boolean },
): string {
  if (options.name || options.uuid)
    return filters
      .map(({ name, uuid }) => [...(options.uuid ? [uuid] : []), ...(options.name ? [name] : [])].join(' '))
      .map((line) => `${line}\n`)
      .join('');
  return formatTable(
    ['Name', 'Origin', 'Chain', 'Filters in it'],
    filters.map(({ name, shipped, chain, filters: inner }) => [
      name,
      shipped ? 'ctvirt' : 'own',
      chain,
      inner.join(', ') || '-',
    ]),
  );
}
