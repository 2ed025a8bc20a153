// ctvirt network start
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { inactiveNetwork } from './arguments.js';

/** Returns the network as it is then; one that runs already is refused with `wrong-state`. */
export const networkStart = verb({
  name: 'network start',
  aliases: ['net-start'],
  group: 'Networks',
  summary: 'Start a defined network',
  details: ['Interfaces of running domains that were on it are plugged in again.'],
  args: { network: inactiveNetwork },
  options: {},
  example: { command: 'ctvirt network start lan', does: "Starts the network 'lan'." },
  async run(context, { args: { network } }) {
    const started = await context.busy(`starting ${network}`, () =>
      context.client.networks.start({ network }),
    );
    context.done(started, `Network '${started.name}' started`);
  },
});
