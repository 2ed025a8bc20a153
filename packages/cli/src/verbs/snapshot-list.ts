// ctvirt snapshot list
// SPDX-License-Identifier: Apache-2.0
import type { Snapshot } from '@ctvirt/api';
import { verb } from '../verb.js';
import { anyDomain } from './arguments.js';
import { type Columns, outputOption, outputTable } from './output-columns.js';
import { describeWait, headOf, madeAt, stateThen } from './snapshot-words.js';

/** The one that the domain came from, or went back to, last. */
const mark = ({ name, isCurrent }: Snapshot): string => (isCurrent ? `${name} *` : name);

const columns: Columns<Snapshot> = {
  name: { head: 'Name', cell: mark },
  made: { head: 'Made', cell: ({ createdAt }) => madeAt(createdAt) },
  state: { head: 'State', cell: stateThen },
  after: { head: 'After', cell: ({ parent }) => parent ?? '-', isExtra: true },
  expires: { head: 'Expires', cell: ({ expiresAt }) => (expiresAt === null ? '-' : madeAt(expiresAt)) },
  description: { head: 'Description', cell: ({ description }) => headOf(description ?? '-') },
  by: { head: 'Made by', cell: ({ by }) => (by === 'schedule' ? 'schedule' : 'somebody'), isExtra: true },
  waited: {
    head: 'Waited',
    cell: ({ frozenMs }) => (frozenMs === null ? '-' : describeWait(frozenMs)),
    isExtra: true,
  },
};

/** JSON is an array of snapshots, whatever is asked for beside it. */
export const snapshotList = verb({
  name: 'snapshot list',
  group: 'Snapshots',
  summary: "List a domain's snapshots",
  args: { domain: anyDomain },
  options: {
    name: { type: 'flag', summary: 'Print names, one a line' },
    tree: { type: 'flag', summary: 'Print each below the one it came after' },
    ...outputOption(columns),
  },
  example: {
    command: 'ctvirt snapshot list web --tree',
    does: "Shows the snapshots of 'web' and which came after which; * is where it is now.",
  },
  async run(context, { args: { domain }, options: { name, tree, output } }) {
    const snapshots = await context.client.snapshots.list({ domain });
    context.print(snapshots, (width) => {
      if (tree) return treeOf(snapshots);
      if (name) return snapshots.map((snapshot) => `${snapshot.name}\n`).join('');
      return outputTable(columns, snapshots, { verb: 'snapshot list', output, width });
    });
  },
});

/** Each below its parent; one whose parent is not there stands on its own. */
function treeOf(snapshots: readonly Snapshot[]): string {
  const isThere = (name: string | null): boolean => snapshots.some((one) => one.name === name);
  const below = (name: string): readonly Snapshot[] => snapshots.filter(({ parent }) => parent === name);
  const lines: string[] = [];
  const walk = (one: Snapshot, head: string, rest: string): void => {
    lines.push(`${head}${mark(one)}\n`);
    const children = below(one.name);
    for (const [at, child] of children.entries()) {
      const isLast = at === children.length - 1;
      walk(child, `${rest}${isLast ? '└─ ' : '├─ '}`, `${rest}${isLast ? '   ' : '│  '}`);
    }
  };
  for (const root of snapshots.filter(({ parent }) => !isThere(parent))) walk(root, '', '');
  return lines.join('');
}
