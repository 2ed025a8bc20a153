// ctvirt snapshot list
// SPDX-License-Identifier: Apache-2.0
import type { Snapshot } from '@ctvirt/api';
import { formatTable } from '../table.js';
import { verb } from '../verb.js';
import { anyDomain } from './arguments.js';
import { headOf, madeAt, stateThen } from './snapshot-words.js';

/** JSON is an array of snapshots, whatever is asked for beside it. */
export const snapshotList = verb({
  name: 'snapshot list',
  group: 'Snapshots',
  summary: "List a domain's snapshots",
  args: { domain: anyDomain },
  options: {
    name: { type: 'flag', summary: 'Print names, one a line' },
    tree: { type: 'flag', summary: 'Print each below the one it came after' },
  },
  example: {
    command: 'ctvirt snapshot list web --tree',
    does: "Shows the snapshots of 'web' and which came after which; * is where it is now.",
  },
  async run(context, { args: { domain }, options: { name, tree } }) {
    const snapshots = await context.client.snapshots.list({ domain });
    context.print(snapshots, (width) => {
      if (tree) return treeOf(snapshots);
      if (name) return snapshots.map((snapshot) => `${snapshot.name}\n`).join('');
      return formatTable(
        ['Name', 'Made', 'State', 'After', 'Expires', 'Description'],
        snapshots.map((snapshot) => [
          mark(snapshot),
          madeAt(snapshot.createdAt),
          stateThen(snapshot),
          snapshot.parent ?? '-',
          snapshot.expiresAt === null ? '-' : madeAt(snapshot.expiresAt),
          headOf(snapshot.description ?? '-'),
        ]),
        width,
      );
    });
  },
});

/** The one that the domain came from, or went back to, last. */
const mark = ({ name, isCurrent }: Snapshot): string => (isCurrent ? `${name} *` : name);

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
