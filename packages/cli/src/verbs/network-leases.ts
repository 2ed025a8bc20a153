// ctvirt network leases
// SPDX-License-Identifier: Apache-2.0
import { formatTable } from '../table.js';
import { verb } from '../verb.js';
import { anyNetwork } from './arguments.js';

/** JSON is an array of leases in the order of the table. */
export const networkLeases = verb({
  name: 'network leases',
  aliases: ['net-dhcp-leases'],
  group: 'Networks',
  summary: 'Show who has which address on a network',
  details: [
    'Domains keep the addresses they have on it; those of others on its bridge expire unless they ask again.',
  ],
  args: { network: anyNetwork },
  options: { mac: { type: 'text', value: 'MAC', summary: 'Only those of this hardware address' } },
  example: {
    command: 'ctvirt network leases default',
    does: "Lists the addresses given out on 'default', and to whom.",
  },
  async run(context, { args: { network }, options: { mac } }) {
    const leases = await context.client.networks.leases({ network, mac });
    context.print(leases, (width) =>
      formatTable(
        ['Address', 'MAC address', 'Domain', 'Hostname', 'Expires', 'Client id'],
        leases.map((lease) => [
          `${lease.address}/${lease.prefix}`,
          lease.mac ?? '-',
          lease.domain ?? '-',
          lease.hostname ?? '-',
          lease.expires ?? 'never',
          lease.clientId ?? '-',
        ]),
        width,
      ),
    );
  },
});
