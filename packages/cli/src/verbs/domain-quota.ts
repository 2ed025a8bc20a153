// ctvirt quota
// SPDX-License-Identifier: Apache-2.0
import type { QuotaLine } from '@ctvirt/api';
import { formatTable } from '../table.js';
import { verb } from '../verb.js';
import { describeBytes } from '../wording.js';
import { anyDomain } from './arguments.js';

export const quota = verb({
  name: 'quota',
  group: 'Domains',
  summary: "Show what a domain's file systems hold and may hold",
  details: [
    'The soft limit may be passed for as long as the grace (quotatime); after that nothing more can be written until there is less. A dash is no limit, or a number that nothing tells.',
    'ctvirt set --diskspace changes limits, while the domain runs too.',
  ],
  args: { domain: anyDomain },
  options: { how: { type: 'flag', summary: 'Say what keeps each limit' } },
  example: { command: 'ctvirt quota web', does: "Shows the disk use of 'web' against its limits." },
  async run(context, { args: { domain }, options: { how } }) {
    const report = await context.client.quota.show({ domain });
    context.print(report, () =>
      formatTable(
        ['File system', 'What', 'Used', 'Soft', 'Hard', 'Grace', ...(how ? ['How'] : [])],
        report.filesystems.flatMap((one) => [
          [one.target, 'space', ...cells(one.space, describeBytes), ...(how ? [one.how] : [])],
          [one.target, 'inodes', ...cells(one.inodes, String), ...(how ? [one.how] : [])],
        ]),
      ),
    );
  },
});

function cells({ used, soft, hard, state, graceEnds }: QuotaLine, show: (value: number) => string): string[] {
  const shown = (value: number | null): string => (value === null ? '-' : show(value));
  const grace = state === 'expired' ? 'over' : graceEnds === null ? '-' : `until ${graceEnds.slice(0, 16)}Z`;
  return [shown(used), shown(soft), shown(hard), grace];
}
