// ctvirt forward
// SPDX-License-Identifier: Apache-2.0

import { type ForwardChange, type ForwardRow, forwardActions } from '@ctvirt/api';
import { commandFor } from '@ctvirt/xml';
import type { Context } from '../context.js';
import { CliError } from '../errors.js';
import { forwardGrammar, hostPorts, insidePorts, parseForwardWord } from '../forward-word.js';
import { didYouMean } from '../suggestion.js';
import { formatTable } from '../table.js';
import { verb } from '../verb.js';
import { later, yesOrNo } from '../wording.js';

const actions = [...forwardActions, 'list'] as const;

/** JSON is an array of forwards in the order of the table; of a change all that the domain has then, and remarks on what was added. */
export const forward = verb({
  name: 'forward',
  group: 'Networks',
  summary: 'Let ports of the host lead to a domain, or show which do',
  details: [
    `Ports are ${forwardGrammar}: tcp:2222:22 lets the host's port 2222 lead to the domain's port 22, udp:53 to the same, tcp:8000-8010:80-90 each to its own.`,
    'They lead to the interface on a network that translates or routes, from the world, from neighbours and from the host itself by any address but 127.0.0.1 and ::1. A port leads to one domain only, and no longer to a program of the host.',
    'Without --live and --config a change is for the running domain if it runs, else for what its next start reads; with both for both. Without a domain, or with list alone, the ports of all domains are shown.',
  ],
  args: {
    domain: { summary: 'Name, UUID or id', optional: true, complete: 'domain' },
    action: { summary: 'add, remove or list', optional: true, complete: actions },
    ports: { summary: 'Ports, such as tcp:2222:22', many: true, optional: true },
  },
  options: {
    address: { type: 'text', value: 'ADDRESS', summary: "Only of this address of the host's" },
    dev: { type: 'text', value: 'LINK', summary: 'Only asked for by this link of the host' },
    network: {
      type: 'text',
      value: 'NETWORK',
      complete: 'network',
      summary: "The domain's interface on this network (default: the first that can)",
    },
    live: { type: 'flag', summary: 'In the running domain' },
    config: { type: 'flag', summary: 'In what its next start reads' },
    inactive: { type: 'flag', summary: 'List what its next start reads' },
  },
  example: {
    command: 'ctvirt forward web add tcp:2222:22 tcp:80 --live --config',
    does: "Lets the host's port 2222 lead to port 22 of 'web', and 80 to 80, now and after its next start.",
  },
  async run(context, { args: { domain, action = 'list', ports }, options }) {
    const { live, config, inactive, network, ...place } = options;
    if (action !== 'add' && action !== 'remove' && action !== 'list')
      throw new CliError(
        'usage',
        `forward: ACTION is add, remove or list, not '${action}'${didYouMean(action, actions)}`,
      );
    if (action === 'list') {
      const isMore = ports.length > 0 || live || config || network !== undefined;
      if (isMore || place.address !== undefined || place.dev !== undefined)
        throw new CliError('usage', 'forward: ports and their options go with add and remove');
      return await show(context, domain, inactive);
    }
    if (inactive) throw new CliError('usage', 'forward: --inactive goes with list');
    if (domain === undefined || ports.length === 0)
      throw new CliError(
        'usage',
        `forward: no ports; for example ${commandFor('forward', [domain ?? 'DOMAIN', action, 'tcp:2222:22'])}`,
      );
    const forwards = ports.map((word) => ({
      ...parseForwardWord(word),
      ...(place.address !== undefined && { address: place.address }),
      ...(place.dev !== undefined && { dev: place.dev }),
    }));
    const body: ForwardChange = {
      action,
      forwards,
      live,
      stored: config,
      ...(network !== undefined && { network }),
    };
    // Before: afterwards a transient one may be gone.
    const before = await context.client.domains.summary({ domain });
    const { forwards: rows, findings } = await context.client.forwards.change({
      domain: before.uuid,
      body,
    });
    context.warn(findings, before.name);
    const isLive = live || config ? live : before.id !== null;
    const until = isLive
      ? config
        ? 'now and after its next start'
        : before.persistent
          ? 'until it stops; --config keeps it'
          : 'until it stops'
      : later;
    const done = action === 'add' ? 'forwarded' : 'no longer forwarded';
    context.done(
      { forwards: rows, findings },
      `Domain '${before.name}': ${ports.join(', ')} ${done} (${until})`,
    );
  },
});

async function show(context: Context, domain: string | undefined, inactive: boolean): Promise<void> {
  const isAll = domain === undefined || domain === 'list';
  if (isAll && inactive) throw new CliError('usage', 'forward: --inactive goes with one domain');
  const { forwards } = context.client;
  const rows = isAll ? await forwards.all() : await forwards.show({ domain, inactive });
  context.print(rows, (width) => formatTable(head, rows.map(cells), width));
}

const head = ['Domain', 'Proto', 'Host address', 'Host ports', 'Ports', 'Addresses', 'Network', 'Active'];

const cells = (row: ForwardRow): string[] => [
  row.domain,
  row.protocol,
  `${row.address ?? '*'}${row.dev === null ? '' : ` (${row.dev})`}`,
  hostPorts(row),
  insidePorts(row),
  row.targets.join(', ') || '-',
  row.network,
  yesOrNo(row.active),
];
