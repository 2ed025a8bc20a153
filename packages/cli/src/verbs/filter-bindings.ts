// ctvirt filter bindings
// SPDX-License-Identifier: Apache-2.0
import { formatTable } from '../table.js';
import { verb } from '../verb.js';

/** JSON is an array of bindings in the order of the table. */
export const filterBindings = verb({
  name: 'filter bindings',
  aliases: ['nwfilter-binding-list'],
  group: 'Network filters',
  summary: 'List interfaces of running domains that have a network filter',
  args: {},
  options: {},
  example: { command: 'ctvirt filter bindings', does: 'Lists which link of which domain has which filter.' },
  async run(context) {
    const bindings = await context.client.filters.bindings();
    context.print(bindings, (width) =>
      formatTable(
        ['Link', 'Domain', 'Interface', 'Filter', 'Values'],
        bindings.map(({ link, domain, interface: name, filter, parameters }) => [
          link,
          domain,
          name,
          filter,
          parameters.map((one) => `${one.name}=${one.value}`).join(' ') || '-',
        ]),
        width,
      ),
    );
  },
});
