// ctvirt filter undefine
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { anyFilter } from './arguments.js';

/** Returns its name; one that filters or domains name is refused with their names. */
export const filterUndefine = verb({
  name: 'filter undefine',
  aliases: ['nwfilter-undefine'],
  group: 'Network filters',
  summary: 'Forget a network filter that no filter and no domain names',
  details: ['One in the place of a filter that comes with ctvirt leaves that one.'],
  args: { filter: anyFilter },
  options: {},
  example: { command: 'ctvirt filter undefine no-mail', does: "Forgets the definition of 'no-mail'." },
  async run(context, { args: { filter } }) {
    const { name, uuid } = await context.client.filters.info({ filter });
    await context.busy(`undefining ${name}`, () => context.client.filters.undefine({ filter: uuid }));
    context.done({ filter: name }, `Network filter '${name}' undefined`);
  },
});
