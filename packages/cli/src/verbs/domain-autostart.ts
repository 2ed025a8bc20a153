// ctvirt autostart
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { anyDomain } from './arguments.js';
import { describeOrder, orderOf, orderOptions } from './start-order.js';

/** Answers the summary of the domain as it is then; a transient one is refused with `wrong-state`. */
export const autostart = verb({
  name: 'autostart',
  group: 'Domains',
  summary: 'Start a domain with each boot of the host',
  details: [
    'The first daemon after a boot starts it. One that is stopped since then stays off when the daemon is started anew.',
    'Domains of the lowest --order start first, several at once; those of the next order follow when all of these run and the longest --delay among them is over. Those without an order start last. ctvirt shutdown --all with --wait, --timeout or --destroy, which is what happens when the host goes down, does the same the other way round, without the delays.',
  ],
  args: { domain: anyDomain },
  options: { disable: { type: 'flag', summary: 'No longer do so' }, ...orderOptions },
  example: {
    command: 'ctvirt autostart web --order 10 --delay 5',
    does: "Lets 'web' start whenever the host does, and those of later orders 5 s after it.",
  },
  async run(context, { args: { domain }, options: { disable, ...given } }) {
    const order = orderOf('autostart', given);
    const body = { autostart: !disable, ...order };
    const result = await context.client.domains.autostart({ domain, body });
    const more = describeOrder(order);
    context.done(
      result,
      `Domain '${result.name}' ${disable ? 'unmarked' : 'marked'} as autostarted${more === '' ? '' : `: ${more}`}`,
    );
  },
});
