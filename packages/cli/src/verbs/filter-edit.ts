// ctvirt filter edit
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { anyFilter } from './arguments.js';
import { editDefinition, tagged, untagged } from './editing.js';

/** Returns whether it was changed, and the filter as it is then. */
export const filterEdit = verb({
  name: 'filter edit',
  aliases: ['nwfilter-edit'],
  group: 'Network filters',
  summary: "Edit a network filter's definition",
  details: [
    'Opens VISUAL, EDITOR or vi. A document with an error is not taken: it can be edited again.',
    'What runs with it has its rules at once.',
  ],
  args: { filter: anyFilter },
  options: {},
  example: { command: 'EDITOR=nano ctvirt filter edit no-mail', does: "Edits the XML of 'no-mail' in nano." },
  async run(context, { args }) {
    const { filters } = context.client;
    const { name } = await filters.info({ filter: args.filter });
    await editDefinition(context, {
      noun: 'network filter',
      name,
      ...(context.isForeign
        ? untagged(
            () => filters.xml({ filter: name }),
            (body) => filters.define({ body }),
          )
        : tagged(
            (options) => filters.xml({ filter: name }, options),
            (body, ifMatch) => filters.define({ body, ifMatch }),
          )),
      result: ({ filter }) => ({ data: { filter }, when: '' }),
    });
  },
});
