// ctvirt network autostart
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { anyNetwork } from './arguments.js';

/** Answers the network as it is then; a transient one is refused with `wrong-state`. */
export const networkAutostart = verb({
  name: 'network autostart',
  aliases: ['net-autostart'],
  group: 'Networks',
  summary: 'Start a network with the daemon',
  args: { network: anyNetwork },
  options: { disable: { type: 'flag', summary: 'No longer do so' } },
  example: { command: 'ctvirt network autostart lan', does: "Lets 'lan' start whenever the daemon does." },
  async run(context, { args: { network }, options: { disable } }) {
    const result = await context.client.networks.autostart({ network, body: { autostart: !disable } });
    context.done(result, `Network '${result.name}' ${disable ? 'unmarked' : 'marked'} as autostarted`);
  },
});
