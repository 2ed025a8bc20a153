// ctvirt rename
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { inactiveDomain } from './arguments.js';

/** Returns the summary of the domain by its new name; one that runs is refused with `wrong-state`. */
export const rename = verb({
  name: 'rename',
  aliases: ['domrename'],
  group: 'Domains',
  summary: 'Give a domain that is off another name',
  details: [
    'Its UUID stays, and with it its files, ids, addresses, traffic and all limits. The host name that is made of its name changes; one that its document gives stays.',
    'An openvz domain that is called by a number has it as its CTID; by another name it keeps the CTID that it has.',
  ],
  args: { domain: inactiveDomain, name: { summary: 'The new name' } },
  options: {},
  example: { command: 'ctvirt rename web shop', does: "Calls 'web' 'shop' from now on." },
  async run(context, { args: { domain, name } }) {
    const { domains } = context.client;
    const before = await domains.summary({ domain });
    const renamed = await context.busy(`renaming ${before.name}`, () =>
      domains.rename({ domain: before.uuid, body: { name } }),
    );
    context.done(renamed, `Domain '${before.name}' renamed to '${renamed.name}'`);
  },
});
