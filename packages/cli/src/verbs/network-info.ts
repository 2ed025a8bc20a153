// ctvirt network info
// SPDX-License-Identifier: Apache-2.0
import { formatFields } from '../table.js';
import { verb } from '../verb.js';
import { describeSubnets, yesOrNo } from '../wording.js';
import { anyNetwork } from './arguments.js';

/** JSON is the network; an unknown one is `not-found`. */
export const networkInfo = verb({
  name: 'network info',
  aliases: ['net-info'],
  group: 'Networks',
  summary: 'Show what a network is, and how many interfaces are on it',
  args: { network: anyNetwork },
  options: {},
  example: { command: 'ctvirt network info default', does: "Shows the network 'default'." },
  async run(context, { args: { network } }) {
    const info = await context.client.networks.info({ network });
    context.print(info, (width) =>
      formatFields(
        [
          ['Name', info.name],
          ['UUID', info.uuid],
          ['Active', yesOrNo(info.active)],
          ['Persistent', yesOrNo(info.persistent)],
          ['Autostart', yesOrNo(info.autostart)],
          ['Bridge', info.bridge ?? '-'],
          ['Forward', info.forward],
          ['Subnets', describeSubnets(info)],
          ['DNS domain', info.domain ?? '-'],
          ['Interfaces', String(info.members)],
        ],
        width,
      ),
    );
  },
});
