// ctvirt quota
// SPDX-License-Identifier: Apache-2.0
import type { FilesystemQuota, QuotaLine } from '@ctvirt/api';
import { CliError } from '../errors.js';
import { formatTable } from '../table.js';
import { verb } from '../verb.js';
import { describeBytes } from '../wording.js';
import { anyDomain } from './arguments.js';

/** Returns the report of all file systems, after a limit was set too; JSON has bytes and ISO times. */
export const quota = verb({
  name: 'quota',
  group: 'Domains',
  summary: 'Show what a domain and its users hold on disk and may hold, or limit one of them',
  details: [
    'The soft limit may be passed for as long as the grace (quotatime); after that nothing more can be written until there is less. A dash is no limit, or a number that nothing tells. A limit that nothing on this host keeps is marked (recorded); --how says why.',
    'Limits of the whole domain are changed by ctvirt set --diskspace. With --user or --group, --space and --inodes limit that one on the root; the file system below has to count its owners, and --how says whether it does.',
  ],
  args: { domain: anyDomain },
  options: {
    how: { type: 'flag', summary: 'Say what keeps each limit' },
    user: { type: 'whole', value: 'ID', summary: 'Limit this user, by its number in the container' },
    group: { type: 'whole', value: 'ID', summary: 'Limit this group' },
    space: {
      type: 'text',
      value: 'N[:N]',
      summary: 'Its space, soft:hard (KiB, or with a suffix); 0 or unlimited is none',
    },
    inodes: { type: 'text', value: 'N[:N]', summary: 'Its files, soft:hard; 0 or unlimited is none' },
    live: { type: 'flag', summary: 'Limit it in the running domain' },
    config: { type: 'flag', summary: 'Limit it in what the next start reads' },
  },
  example: {
    command: 'ctvirt quota web --user 1000 --space 1G:1100M --live --config',
    does: "Limits user 1000 of 'web', and shows the disk use of all its users against their limits.",
  },
  async run(context, { args: { domain }, options }) {
    const { how, user, group, space, inodes, live, config } = options;
    const id = user ?? group;
    const isLimited = space !== undefined || inodes !== undefined;
    if (isLimited !== (id !== undefined) || (user !== undefined && group !== undefined))
      throw new CliError('usage', 'quota: --space and --inodes limit one --user or one --group');
    if (id === undefined && (live || config))
      throw new CliError('usage', 'quota: --live and --config go with a limit');
    const kind = user === undefined ? ('group' as const) : ('user' as const);
    const report =
      id === undefined
        ? await context.client.quota.show({ domain })
        : await context.client.quota.setOwner({
            domain,
            body: {
              kind,
              id,
              ...(space !== undefined && { space }),
              ...(inodes !== undefined && { inodes }),
              live,
              stored: config,
            },
          });
    context.print(report, (width) =>
      formatTable(
        ['File system', 'Owner', 'What', 'Used', 'Soft', 'Hard', 'Grace', ...(how ? ['How'] : [])],
        report.filesystems.flatMap((one) => rowsOf(one, how)),
        width,
      ),
    );
  },
});

type Both = { readonly enforced: boolean; readonly space: QuotaLine; readonly inodes: QuotaLine };

function rowsOf(filesystem: FilesystemQuota, how: boolean): string[][] {
  const both = (owner: string, { enforced, space, inodes }: Both, why: string) => [
    [filesystem.target, owner, 'space', ...cells(space, enforced, describeBytes), ...(how ? [why] : [])],
    [filesystem.target, owner, 'inodes', ...cells(inodes, enforced, String), ...(how ? [why] : [])],
  ];
  return [
    ...both('-', filesystem, filesystem.how),
    ...filesystem.owners.flatMap((one) => both(`${one.kind} ${one.id}`, one, filesystem.ownersHow)),
  ];
}

function cells(
  { used, soft, hard, state, graceEnds }: QuotaLine,
  enforced: boolean,
  show: (value: number) => string,
): string[] {
  const limit = (value: number | null): string =>
    value === null ? '-' : `${show(value)}${enforced ? '' : ' (recorded)'}`;
  const grace = state === 'expired' ? 'over' : graceEnds === null ? '-' : `until ${graceEnds.slice(0, 16)}Z`;
  return [used === null ? '-' : show(used), limit(soft), limit(hard), grace];
}
