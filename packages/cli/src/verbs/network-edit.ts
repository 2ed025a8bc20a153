// ctvirt network edit
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { sinceWhenNetwork } from '../wording.js';
import { anyNetwork } from './arguments.js';
import { editDefinition, tagged, untagged } from './editing.js';

/** Returns whether it was changed, and the network as it is then. */
export const networkEdit = verb({
  name: 'network edit',
  aliases: ['net-edit'],
  group: 'Networks',
  summary: "Edit a network's definition",
  details: [
    'Opens VISUAL, EDITOR or vi. A document with an error is not taken: it can be edited again.',
    'The network has the change from its next start on.',
  ],
  args: { network: anyNetwork },
  options: {},
  example: {
    command: 'EDITOR=nano ctvirt network edit default',
    does: "Edits the XML of 'default' in nano.",
  },
  async run(context, { args }) {
    const { networks } = context.client;
    const { name } = await networks.info({ network: args.network });
    await editDefinition(context, {
      noun: 'network',
      name,
      ...(context.isForeign
        ? untagged(
            () => networks.xml({ network: name, inactive: true }),
            (body) => networks.define({ body }),
          )
        : tagged(
            (options) => networks.xml({ network: name, inactive: true }, options),
            (body, ifMatch) => networks.define({ body, ifMatch }),
          )),
      result: ({ network }) => ({ data: { network }, when: sinceWhenNetwork(network) }),
    });
  },
});
