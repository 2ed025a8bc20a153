// ctvirt filter list
// SPDX-License-Identifier: Apache-2.0
import type { FilterSummary } from '@ctvirt/api';
import { formatTable } from '../table.js';
import { verb } from '../verb.js';
import { plainLines, plainOptions } from './listing.js';

/** JSON is an array of filters in the order of the table. */
export const filterList = verb({
  name: 'filter list',
  aliases: ['nwfilter-list'],
  group: 'Network filters',
  summary: 'List network filters',
  details: ['Those that come with ctvirt have the names that they have under libvirt.'],
  args: {},
  options: plainOptions,
  example: {
    command: 'ctvirt filter list',
    does: 'Lists every network filter with its chain and the filters in it.',
  },
  async run(context, { options }) {
    const filters = await context.client.filters.list();
    context.print(filters, (width) => plainLines(filters, options) ?? tableOf(filters, width));
  },
});

const tableOf = (filters: readonly FilterSummary[], width: number): string =>
  formatTable(
    ['Name', 'Origin', 'Chain', 'Filters in it'],
    filters.map(({ name, shipped, chain, filters: inner }) => [
      name,
      shipped ? 'ctvirt' : 'own',
      chain,
      inner.join(', ') || '-',
    ]),
    width,
  );
