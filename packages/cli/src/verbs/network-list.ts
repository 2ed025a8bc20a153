// ctvirt network list
// SPDX-License-Identifier: Apache-2.0
import type { NetworkSummary } from '@ctvirt/api';
import { formatTable } from '../table.js';
import { verb } from '../verb.js';
import { describeActive, describeSubnets, yesOrNo } from '../wording.js';
import { plainLines, plainOptions } from './listing.js';

/** JSON is an array of networks in the order of the table, whatever was asked for. */
export const networkList = verb({
  name: 'network list',
  aliases: ['net-list'],
  group: 'Networks',
  summary: 'List networks',
  details: [
    'Without a filter, the running ones.',
    'Beside networks, interfaces can name bridges of the host, which are not listed here: `ip link show type bridge`.',
  ],
  args: {},
  options: {
    all: { type: 'flag', summary: 'Stopped networks too' },
    inactive: { type: 'flag', summary: 'Only stopped networks' },
    persistent: { type: 'flag', summary: 'Only defined ones' },
    transient: { type: 'flag', summary: 'Only created ones' },
    autostart: { type: 'flag', summary: 'Only ones that start with the host' },
    'no-autostart': { type: 'flag', summary: 'Only ones that do not' },
    ...plainOptions,
  },
  example: {
    command: 'ctvirt network list --all',
    does: 'Lists every network with its state, subnets and number of interfaces.',
  },
  async run(context, { options }) {
    const { all, inactive } = options;
    const scope = all ? {} : { active: !inactive };
    const found = await context.client.networks.list(scope);
    const networks = found
      .filter(
        ({ persistent, autostart }) =>
          isAsked(options.persistent, options.transient, persistent) &&
          isAsked(options.autostart, options['no-autostart'], autostart),
      )
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    context.print(networks, (width) => plainLines(networks, options) ?? tableOf(networks, width));
  },
});

/** Neither of two opposite filters lets all pass, and so do both. */
const isAsked = (yes: boolean, no: boolean, value: boolean): boolean => yes === no || value === yes;

const tableOf = (networks: readonly NetworkSummary[], width: number): string =>
  formatTable(
    ['Name', 'State', 'Autostart', 'Persistent', 'Forward', 'Bridge', 'Subnets', 'Interfaces'],
    networks.map((network) => [
      network.name,
      describeActive(network),
      yesOrNo(network.autostart),
      yesOrNo(network.persistent),
      network.forward,
      network.bridge ?? '-',
      describeSubnets(network),
      String(network.members),
    ]),
    width,
  );
