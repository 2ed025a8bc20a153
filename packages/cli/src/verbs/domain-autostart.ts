// ctvirt autostart
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { eachNamed, namedDomains } from './several.js';
import { describeOrder, orderOf, orderOptions } from './start-order.js';

/** Returns the summary of the domain as it is then, of several an array of them; a transient one is refused with `wrong-state`. */
export const autostart = verb({
  name: 'autostart',
  group: 'Domains',
  summary: 'Start domains with each boot of the host',
  details: [
    'The first daemon after a boot starts them. One that is stopped since then stays off when the daemon is started anew. ctvirt list --all --autostart lists them, and ctvirt list --all -o name,autostart,order,delay their order.',
    'Domains of the lowest --order start first, several at once; those of the next order follow when all of these run and the longest --delay among them is over. Those without an order start last. ctvirt shutdown --all with --wait, --timeout or --destroy, which is what happens when the host goes down, does the same the other way round, without the delays.',
  ],
  args: { domains: namedDomains },
  options: { disable: { type: 'flag', summary: 'No longer do so' }, ...orderOptions },
  example: {
    command: 'ctvirt autostart web --order 10 --delay 5',
    does: "Lets 'web' start whenever the host does, and those of later orders 5 s after it.",
  },
  async run(context, { args: { domains }, options: { disable, ...given } }) {
    const order = orderOf('autostart', given);
    const body = { autostart: !disable, ...order };
    const more = describeOrder(order);
    return await eachNamed(context, domains, {
      doing: 'marking',
      async operation(domain) {
        const data = await context.client.domains.autostart({ domain, body });
        const how = `${disable ? 'unmarked' : 'marked'} as autostarted${more === '' ? '' : `: ${more}`}`;
        return { data, sentence: `Domain '${data.name}' ${how}` };
      },
    });
  },
});
