// ctvirt network undefine
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { anyNetwork } from './arguments.js';

/** Returns its name; one that running domains use is refused with their names. */
export const networkUndefine = verb({
  name: 'network undefine',
  aliases: ['net-undefine'],
  group: 'Networks',
  summary: 'Forget a network that no running domain uses',
  details: ['One that runs goes on until it is stopped.'],
  args: { network: anyNetwork },
  options: {},
  example: { command: 'ctvirt network undefine lan', does: "Forgets the definition of 'lan'." },
  async run(context, { args: { network } }) {
    const { name, uuid } = await context.client.networks.info({ network });
    await context.busy(`undefining ${name}`, () => context.client.networks.undefine({ network: uuid }));
    context.done({ network: name }, `Network '${name}' undefined`);
  },
});
