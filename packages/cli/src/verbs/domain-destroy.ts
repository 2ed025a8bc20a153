// ctvirt destroy
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { activeDomains, eachDomain, severalOptions } from './several.js';

/** JSON is the summary after its end, of several an array of them; one that is off already is refused with `wrong-state`. */
export const destroy = verb({
  name: 'destroy',
  group: 'Domains',
  summary: 'Power domains off now',
  details: [
    "Nothing of them is erased, unlike by OpenVZ's destroy: for that see 'ctvirt help undefine'.",
    'Of several the others are ended whatever becomes of one; the exit status is the highest.',
  ],
  args: { domains: activeDomains },
  options: severalOptions('Every domain that runs'),
  example: { command: 'ctvirt destroy web', does: "Stops 'web' at once, without asking its init." },
  async run(context, { args: { domains }, options: { all, parallel } }) {
    const { client, io } = context;
    return await eachDomain(
      context,
      { domains, all, parallel },
      {
        verb: 'destroy',
        doing: 'destroying',
        listed: () => client.domains.list({ active: true }),
        async operation(domain) {
          const data = await client.domains.destroy({ domain }, { signal: io.signal });
          return { data, sentence: `Domain '${data.name}' destroyed` };
        },
      },
    );
  },
});
