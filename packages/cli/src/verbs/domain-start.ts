// ctvirt start
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { eachDomain, inactiveDomains, severalOptions } from './several.js';

/** JSON is the summary with the id it got, of several an array of them; one that runs already is refused with `wrong-state`. */
export const start = verb({
  name: 'start',
  group: 'Domains',
  summary: 'Start defined domains',
  details: ['Of several the others are started whatever becomes of one; the exit status is the highest.'],
  args: { domains: inactiveDomains },
  options: severalOptions('Every domain that is off'),
  example: { command: 'ctvirt start web', does: "Starts the domain 'web'." },
  async run(context, { args: { domains }, options: { all, parallel } }) {
    const { client, io } = context;
    return await eachDomain(
      context,
      { domains, all, parallel },
      {
        verb: 'start',
        doing: 'starting',
        listed: () => client.domains.list({ active: false }),
        async operation(domain) {
          const data = await client.domains.start({ domain }, { signal: io.signal });
          return { data, sentence: `Domain '${data.name}' started` };
        },
      },
    );
  },
});
