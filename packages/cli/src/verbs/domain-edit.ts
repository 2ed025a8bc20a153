// ctvirt edit
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { sinceWhen } from '../wording.js';
import { anyDomain } from './arguments.js';
import { editDefinition, tagged, untagged } from './editing.js';

/** Returns whether it was changed, and the domain as it is then. */
export const edit = verb({
  name: 'edit',
  group: 'Domains',
  summary: "Edit a domain's definition",
  details: [
    'Opens VISUAL, EDITOR or vi. A document with an error is not taken: it can be edited again.',
    'The domain sees the change at its next start. Where somebody else has changed it meanwhile, whoever it was is told as far as it is known, and both changes can be put together and edited again; your text is kept in a file.',
  ],
  args: { domain: anyDomain },
  options: {},
  example: { command: 'EDITOR=nano ctvirt edit web', does: "Edits the XML of 'web' in nano." },
  async run(context, { args }) {
    const { domains } = context.client;
    const { name, uuid } = await domains.summary({ domain: args.domain });
    await editDefinition(context, {
      noun: 'domain',
      name,
      ...(context.isForeign
        ? untagged(
            () => domains.xml({ domain: uuid, inactive: true }),
            (body) => domains.define({ body }),
          )
        : tagged(
            (options) => domains.xml({ domain: uuid, inactive: true }, options),
            (body, ifMatch) => domains.redefine({ domain: uuid, body, ifMatch }),
          )),
      result: ({ domain }) => ({ data: { domain }, when: sinceWhen(domain) }),
    });
  },
});
