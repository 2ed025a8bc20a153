// ctvirt network stop
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { activeNetwork } from './arguments.js';

/** Returns the network after its end; one that does not run is refused with `wrong-state`. */
export const networkStop = verb({
  name: 'network stop',
  aliases: ['net-destroy'],
  group: 'Networks',
  summary: 'Stop a network',
  details: [
    'Running domains go on without it: their interfaces stay, and are plugged in again when it starts. Its definition stays, too.',
  ],
  args: { network: activeNetwork },
  options: {},
  example: {
    command: 'ctvirt network stop lan',
    does: "Stops the network 'lan'; nothing of it is forgotten.",
  },
  async run(context, { args: { network } }) {
    const stopped = await context.busy(`stopping ${network}`, () =>
      context.client.networks.stop({ network }),
    );
    const { name, members } = stopped;
    const left =
      members === 1 ? '1 interface of a running domain is' : `${members} interfaces of running domains are`;
    context.done(
      stopped,
      `Network '${name}' stopped${members === 0 ? '' : `: ${left} plugged into nothing until it starts`}`,
    );
  },
});
