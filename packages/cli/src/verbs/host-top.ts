// ctvirt top
// SPDX-License-Identifier: Apache-2.0
import type { DomainNow } from '@ctvirt/api';
import type { Context } from '../context.js';
import { LiveScreen } from '../live-screen.js';
import { printable } from '../printable.js';
import { byReason, describeTime } from '../series-words.js';
import { verb } from '../verb.js';
import {
  fitted,
  type Order,
  orderByKey,
  orderOf,
  sorted,
  sortNames,
  summaryOf,
  tableOf,
} from './top-table.js';

/** JSON is an array of what each running domain used at the last look, in the order of the table. */
export const top = verb({
  name: 'top',
  group: 'Host',
  summary:
    'Show who uses the host now: processors, memory, disks and network of each domain, waits and limits met',
  details: [
    'A table that is drawn anew with each look at the domains, which the daemon takes every ten seconds; whoever asks adds nothing to that. CPU is percent of one processor, Waits the part of the time in which a process waited for a processor, memory or a disk, whichever is most (cgroup v2 alone tells, and what was written to disks: Disk is Read without it), Of the part of its memory that is in use, Limits the resources that it was refused in 24 hours.',
    'Keys: c, w, m, p, d, n, l and a sort by CPU, waits, memory, processes, disk, network, limits and name; r turns the order round; arrows, j, k, Page Up and Page Down move; q ends it.',
    `--sort takes ${sortNames.join(', ')}; a dash before it turns that round. Where nobody looks at a terminal it prints the table once.`,
  ],
  args: {},
  options: {
    sort: {
      type: 'text',
      short: 's',
      value: 'COLUMN',
      complete: sortNames,
      summary: 'Sort by this column, the largest first (default: cpu)',
    },
    once: { type: 'flag', summary: 'Print the table once' },
  },
  example: { command: 'ctvirt top --sort disk', does: 'Shows who reads and writes most, as it changes.' },
  async run(context, { options: { sort = 'cpu', once } }) {
    const order = orderOf(sort);
    const domains = await context.client.usage.now();
    if (!once && !context.isJson && context.io.stdout.isTTY === true)
      return await live(context, { domains, order });
    const { uncounted } = context.isJson ? { uncounted: {} } : await context.client.host.facts();
    context.print(sorted(domains, order), (width) => {
      const { head, lines } = tableOf(sorted(domains, order), order, width);
      const notKnown = byReason(Object.entries(uncounted));
      return `${summaryOf(domains)}\n\n${[head, ...lines, ...(notKnown.length > 0 ? ['', ...notKnown] : [])].join('\n')}\n`;
    });
    return 0;
  },
});

/** As often as somebody looks whether there was another look. */
const ASK_MS = 2000;

interface Shown {
  domains: readonly DomainNow[];
  order: Order;
}

const keysLine = 'sort: c w m p d n l a  turn: r  move: ↑ ↓  end: q';

async function live(context: Context, shown: Shown): Promise<number> {
  let trouble: string | undefined;
  let first = 0;
  let page = 1;
  const screen = new LiveScreen(context.io, {
    draw: ({ columns, rows }) => {
      page = Math.max(1, rows - 5);
      const all = sorted(shown.domains, shown.order);
      first = Math.max(0, Math.min(first, all.length - page));
      const { head, lines } = tableOf(all, shown.order, columns);
      const body = lines.slice(first, first + page);
      const below = Array.from({ length: page - body.length }, () => '');
      const last =
        first + page < all.length ? `rows ${first + 1} to ${first + body.length} of ${all.length}  ` : '';
      return {
        lines: [
          summaryOf(all),
          trouble ?? `${lookedAt(shown.domains)}, sorted by ${shown.order.by}`,
          '',
          head,
          ...body,
          ...below,
          `${last}${keysLine}`,
        ].map((line) => fitted(line, columns).trimEnd()),
        headAt: 3,
      };
    },
    key: (key) => {
      if (key === 'q' || key === '\x03' || key === '\x04') return true;
      shown.order = orderByKey(key, shown.order) ?? shown.order;
      first = Math.max(0, first + (steps(page)[key] ?? 0));
      return false;
    },
  });
  const update = async (): Promise<void> => {
    try {
      shown.domains = await context.client.usage.now();
      trouble = undefined;
    } catch (error) {
      trouble = printable(`These numbers are old: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  return await screen.run(update, ASK_MS);
}

function lookedAt(domains: readonly DomainNow[]): string {
  const [latest] = domains.flatMap(({ at }) => at ?? []).sort((a, b) => (a < b ? 1 : -1));
  return latest === undefined ? 'Nothing was looked at yet' : `Looked at ${describeTime(latest)}`;
}

/** How far each key moves. */
const steps = (page: number): Readonly<Record<string, number>> => ({
  '\x1b[A': -1,
  '\x1bOA': -1,
  k: -1,
  '\x1b[B': 1,
  '\x1bOB': 1,
  j: 1,
  '\x1b[5~': -page,
  '\x1b[6~': page,
  ' ': page,
});
