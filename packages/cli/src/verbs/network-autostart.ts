// ctvirt network autostart
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { anyNetwork } from './arguments.js';

/** Returns the network as it is then; a transient one is refused with `wrong-state`. */
export const networkAutostart = verb({
  name: 'network autostart',
  aliases: ['net-autostart'],
  group: 'Networks',
  summary: 'Start a network with each boot of the host',
  details: [
    'The first daemon after a boot starts it, one with --root when a domain first needs it. One that is stopped since then stays off when the daemon is started anew.',
  ],
  args: { network: anyNetwork },
  options: { disable: { type: 'flag', summary: 'No longer do so' } },
  example: { command: 'ctvirt network autostart lan', does: "Lets 'lan' start whenever the host does." },
  async run(context, { args: { network }, options: { disable } }) {
    const result = await context.client.networks.autostart({ network, body: { autostart: !disable } });
    context.done(result, `Network '${result.name}' ${disable ? 'unmarked' : 'marked'} as autostarted`);
  },
});
