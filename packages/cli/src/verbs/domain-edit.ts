// ctvirt edit
// SPDX-License-Identifier: Apache-2.0
import type { DefineResult } from '@ctvirt/api';
import type { ApiClient } from '@ctvirt/api/node';
import { verb } from '../verb.js';
import { sinceWhen } from '../wording.js';
import { anyDomain } from './arguments.js';
import { type Editing, editDefinition, untagged } from './editing.js';

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
        : tagged(domains, uuid)),
      result: ({ domain }) => ({ data: { domain }, when: sinceWhen(domain) }),
    });
  },
});

/** A change that somebody else made since is seen by the daemon, at the moment of this one. */
const tagged = (
  domains: ApiClient['domains'],
  domain: string,
): Pick<Editing<DefineResult>, 'read' | 'define'> => ({
  async read() {
    let tag: string | undefined;
    const text = await domains.xml(
      { domain, inactive: true },
      {
        onTag: (told) => {
          tag = told;
        },
      },
    );
    return { text, tag };
  },
  define: (body, { tag }) => domains.redefine({ domain, body, ifMatch: tag }),
});
