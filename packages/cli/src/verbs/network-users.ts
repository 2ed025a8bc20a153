// ctvirt network users
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { anyNetwork } from './arguments.js';

/** JSON is an array of names. */
export const networkUsers = verb({
  name: 'network users',
  group: 'Networks',
  summary: 'Show which running domains have an interface on a network',
  details: ['They lose their links when it stops. ctvirt network leases shows addresses, also of others.'],
  args: { network: anyNetwork },
  options: {},
  example: {
    command: 'ctvirt network users default',
    does: "Lists who would be cut off if 'default' stopped.",
  },
  async run(context, { args: { network } }) {
    const users = await context.client.networks.users({ network });
    context.print(users, () => users.map((name) => `${name}\n`).join(''));
  },
});
