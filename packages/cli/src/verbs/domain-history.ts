// ctvirt history
// SPDX-License-Identifier: Apache-2.0
import { type History, type HistoryPoints, seriesNames, type WallHit } from '@ctvirt/api';
import { CliError } from '../errors.js';
import { widthOf } from '../io.js';
import { byReason, describeNumber, describeTime } from '../series-words.js';
import { marks, sparkline } from '../sparkline.js';
import { formatTable } from '../table.js';
import { verb } from '../verb.js';
import { describeDuration } from '../wording.js';
import { anyDomain } from './arguments.js';
import { lastIn, timeIn } from './past-times.js';

/** JSON is the answer as it is: for each series average and most of each step, null where there is a gap, and the walls. */
export const history = verb({
  name: 'history',
  group: 'Domains',
  summary: 'Show what a domain used over time, and the limits that it met',
  details: [
    'A look at each running domain is taken every ten seconds. They are kept for an hour, minutes for 26 hours, half hours for 32 days: what is asked for is shown by the shortest that reach back so far.',
    'A bar is an average, from nothing to the highest of its line; a blank is a gap, in which the domain was off, or no daemon looked. A × is a limit that was met: a resource that was refused. Now is what the newest look found, and is called Last where that was over a minute ago; Average and Most are of all the time that is shown; what counts up is shown by the second, time of processors in percent of one of them.',
    'Without a domain: the sum of all. A series that nothing is known of is left out; below the table stands why, where the kernel does not count it: cgroup v1 tells neither waited, memoryStalled, ioWaited nor diskWritten.',
    `Series: ${seriesNames.join(', ')}.`,
  ],
  args: {
    domain: { ...anyDomain, optional: true, summary: `${anyDomain.summary}; without it, the host` },
  },
  options: {
    series: {
      type: 'text',
      value: 'NAME,...',
      summary: 'Only these (default: all that are known)',
      complete: seriesNames,
    },
    last: { type: 'text', value: 'TIME', summary: 'So far back: 30m, 6h, 7d (default: 1h)' },
    from: { type: 'text', value: 'TIME', summary: 'From then on, as 2026-11-30T12:00:00Z' },
    to: { type: 'text', value: 'TIME', summary: 'Until then (default: now)' },
    points: { type: 'whole', value: 'NUMBER', summary: 'In no more steps than that, up to 2000' },
  },
  example: {
    command: 'ctvirt history web --series cpu,memory --last 6h',
    does: "Shows what 'web' had of processors and memory in the last six hours.",
  },
  async run(context, { args: { domain }, options: { series, last, from, to, points } }) {
    if (last !== undefined && from !== undefined)
      throw new CliError('usage', 'history: --last and --from exclude each other');
    const end = to === undefined ? new Date() : timeIn(to, 'history: --to');
    const begin =
      from === undefined
        ? new Date(end.getTime() - lastIn(last ?? '1h', 'history: --last'))
        : timeIn(from, 'history: --from');
    if (points !== undefined && (points < 1 || points > 2000))
      throw new CliError('usage', 'history: --points is 1 to 2000');
    const query = {
      from: begin.toISOString(),
      ...(to === undefined ? {} : { to: end.toISOString() }),
      ...(series === undefined ? {} : { series: series.replaceAll(' ', '') }),
      ...((points !== undefined || !context.isJson) && {
        points: points ?? barsIn(widthOf(context.io.stdout)),
      }),
    };
    const { client } = context;
    const told =
      domain === undefined
        ? await client.history.host(query)
        : await client.history.domain({ domain, ...query });
    context.print(told, (width) => historyText(told, width));
  },
});

/** What a line has beside its bars. */
const BESIDE = 55;
/** One more than divides hours and days evenly: a span that begins within a step has a part of one more. */
const USUAL_BARS = 61;
const MOST_BARS = 121;
const barsIn = (width: number): number =>
  width === Number.POSITIVE_INFINITY ? USUAL_BARS : Math.max(12, Math.min(MOST_BARS, width - BESIDE));

const isKnown = (value: number | null): value is number => value !== null;

function historyText(told: History, width: number): string {
  const { name, uuid, from, to, stepSeconds, series, walls } = told;
  const shown = Object.entries(series).filter(([, { average }]) => average.some(isKnown));
  const whose = name === null ? 'All domains together' : `${name} (${uuid})`;
  // The last step may be one that has only begun.
  const [end = to] = [to, new Date().toISOString()].sort();
  const step = describeDuration(stepSeconds).replace(/ 0[smh]$/, '');
  const since = firstKnown(told);
  const unknown = since === undefined ? '' : `Nothing is known of the time before ${describeTime(since)}.\n`;
  const head = `${whose}\n${describeTime(from)} to ${describeTime(end)}, each bar ${step}\n${unknown}\n`;
  if (shown.length === 0 && walls.length === 0) return `${head}Nothing is known of that time.\n`;
  const steps = shown[0]?.[1].average.length ?? 0;
  const stepAt = (at: string): number => Math.floor((Date.parse(at) - Date.parse(from)) / 1000 / stepSeconds);
  const wallRow =
    walls.length === 0
      ? []
      : [
          [
            'walls',
            '',
            '',
            String(walls.reduce((sum, { rise }) => sum + rise, 0)),
            marks(
              steps,
              walls.map(({ at }) => stepAt(at)),
            ),
          ],
        ];
  const table = formatTable(
    ['Series', isNow(told) ? 'Now' : 'Last', 'Average', 'Most', 'Over time'],
    [...shown.map(([which, points]) => rowOf(which, points)), ...wallRow],
    width,
  );
  const notKnown = byReason(Object.entries(series).map(([which, { why }]) => [which, why]));
  const notes = notKnown.map((line) => `- ${line}\n`).join('');
  const met = wallTable(walls, name === null, width);
  return `${head}${table}${notes}${notes !== '' && met !== '' ? '\n' : ''}${met}`;
}

/** When the first step begins that anything is known of, where that is not the first of all: it may not have been there before. */
function firstKnown({ from, stepSeconds, series }: History): string | undefined {
  const firsts = Object.values(series).map(({ average }) => average.findIndex(isKnown));
  const known = firsts.filter((at) => at >= 0);
  const first = Math.min(...known);
  if (known.length === 0 || first === 0) return undefined;
  const at = new Date(from);
  at.setSeconds(at.getSeconds() + first * stepSeconds);
  return at.toISOString();
}

/** Looks are ten seconds apart, and what is older than the daemon is told by the minute. */
const NOW_MS = 60_000;
function isNow({ lastAt }: History): boolean {
  const now = new Date();
  return lastAt !== null && now.getTime() - Date.parse(lastAt) < NOW_MS;
}

function rowOf(name: string, { unit, average, most, last }: HistoryPoints): string[] {
  const known = average.filter(isKnown);
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  return [
    name,
    describeNumber(unit, last),
    describeNumber(unit, mean),
    describeNumber(unit, Math.max(...most.filter(isKnown))),
    sparkline(average),
  ];
}

const SHOWN_WALLS = 10;

function wallTable(walls: readonly WallHit[], isOfHost: boolean, width: number): string {
  if (walls.length === 0) return '';
  const rows = walls
    .slice(-SHOWN_WALLS)
    .map(({ at, domain, resource, rise, failcnt }) => [
      describeTime(at),
      ...(isOfHost ? [domain] : []),
      resource,
      String(rise),
      String(failcnt),
    ]);
  const older = walls.length - rows.length;
  return (
    formatTable(
      ['Limit met', ...(isOfHost ? ['Domain'] : []), 'Resource', 'Refused', 'Since start'],
      rows,
      width,
    ) + (older > 0 ? `${older} earlier ones: --json has all.\n` : '')
  );
}
