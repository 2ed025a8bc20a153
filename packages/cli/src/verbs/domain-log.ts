// ctvirt log
// SPDX-License-Identifier: Apache-2.0
import type { LifeEntry } from '@ctvirt/api';
import { CliError } from '../errors.js';
import { describeTime } from '../series-words.js';
import { formatTable } from '../table.js';
import { verb } from '../verb.js';
import { anyDomain } from './arguments.js';
import { spanIn, timeIn } from './past-times.js';

/** JSON is the answer as it is. */
export const log = verb({
  name: 'log',
  group: 'Domains',
  summary: 'Show what happened to a domain, whichever daemon it was',
  details: [
    'When it was defined, started, paused, changed and renamed, how it ended, why a start failed, its snapshots, the ends of long operations and the limits that it met, the oldest first, each with who asked for it where that is known. Refusals of one resource that follow each other are one line.',
    'The newest 128 to 256 KiB of it are kept, and the last 512 limits that were met. It is of this host, and goes with the domain.',
    'It stands in the order in which it happened, also where the clock was set meanwhile. What the domain wrote to its console `ctvirt console --log` shows.',
  ],
  args: { domain: anyDomain },
  options: {
    last: { type: 'whole', value: 'N', summary: 'The last so many alone (default: all)' },
    since: { type: 'text', value: 'TIME', summary: 'From then on: 6h, 7d, or as 2026-11-30T12:00:00Z' },
  },
  example: {
    command: 'ctvirt log web --since 7d',
    does: "Shows what happened to 'web' in the last seven days.",
  },
  async run(context, { args: { domain }, options: { last, since } }) {
    if (last === 0) throw new CliError('usage', 'log: --last takes a number from 1 on');
    const entries = await context.client.life.domain({
      domain,
      ...(last !== undefined && { last }),
      ...(since !== undefined && { since: momentIn(since).toISOString() }),
    });
    context.print(entries, (width) => (entries.length === 0 ? '' : table(entries, width)));
    if (entries.length === 0 && !context.isJson) context.remark('Nothing is known of that time.');
  },
});

function momentIn(text: string): Date {
  const span = spanIn(text);
  if (span === undefined) return timeIn(text, 'log: --since');
  const at = new Date();
  at.setTime(at.getTime() - span);
  return at;
}

const table = (entries: readonly LifeEntry[], width: number): string =>
  formatTable(
    ['Time', 'What', 'Asked by'],
    entries.map((entry) => [describeTime(entry.at), whatOf(entry), entry.by ?? '-']),
    width,
  );

const asked: Readonly<Record<string, string>> = { poweroff: 'asked to power off', reboot: 'asked to reboot' };

/** Words of later daemons are told as they are. */
function whatOf(entry: LifeEntry): string {
  const { event, detail, words, until, refused } = entry;
  const more = words === null ? '' : `: ${words}`;
  switch (event) {
    case 'defined':
      return detail === 'renamed' ? `renamed from ${words ?? '?'}` : `defined (${detail})`;
    case 'undefined':
      return 'definition removed';
    case 'started':
      return detail === 'booted' ? 'started' : `started (${detail})`;
    case 'unstarted':
      return `start failed${more}`;
    case 'asked':
      return asked[detail] ?? `asked: ${detail}`;
    case 'stopped':
      return `stopped (${detail})${words === detail ? '' : more}`;
    case 'changed':
      return `changed (${detail})${more}`;
    case 'snapshot':
      return `snapshot ${detail}${more}`;
    case 'beancounter':
      return `refused ${detail} ${refused ?? 0}x${until === null ? '' : ` until ${describeTime(until)}`}`;
    case 'job':
      return `${detail}${more}`;
    default:
      return event;
  }
}
