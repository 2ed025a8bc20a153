// What a domain used over time beside what it was promised then, with a mark for each wall that it hit.
// SPDX-License-Identifier: Apache-2.0
import type { History } from '@ctvirt/api/browser';
import { useMemo } from 'preact/hooks';
import { ago, bytes, count, moment, percent, processors } from '../format.js';
import { Chart, type Line } from '../parts/chart.js';
import { Answer, Card } from '../parts/frame.js';
import { ask, place } from '../router.js';
import { useAsked } from '../state/asked.js';
import { hostNow, isOver } from '../state/clock.js';
import { daemon } from '../state/daemon.js';
import { texts } from '../texts.js';
import type { TabProps } from './screen.js';

const words = texts.usage;

/** How far back; the daemon's rings reach so far. */
const spans = { '1h': 3600, '26h': 26 * 3600, '32d': 32 * 86_400 } as const;
type SpanName = keyof typeof spans;
const spanNames = Object.keys(spans).filter((name): name is SpanName => name in spans);
const mostPoints = 480;

interface ChartRow {
  readonly title: string;
  readonly lines: readonly (readonly [
    series: string,
    of: 'average' | 'most',
    kind: Line['kind'],
    label: string,
  ])[];
  readonly tell: (value: number) => string;
  /** What the axis says of its numbers. */
  readonly unit: string;
  readonly atLeast?: number;
}

const rate = (value: number): string => `${bytes(value)}/s`;

const charts: readonly ChartRow[] = [
  {
    title: words.cpu,
    lines: [
      ['cpu', 'average', 'average', words.average],
      ['cpu', 'most', 'most', words.most],
    ],
    tell: processors,
    unit: words.inProcessors,
    atLeast: 0.1,
  },
  {
    title: words.memory,
    lines: [
      ['memory', 'average', 'average', words.average],
      ['memory', 'most', 'most', words.most],
      ['promisedMemory', 'average', 'promised', words.promised],
    ],
    tell: bytes,
    unit: words.inBytes,
    atLeast: 1024 * 1024,
  },
  {
    title: words.network,
    lines: [
      ['received', 'average', 'average', words.received],
      ['sent', 'average', 'other', words.sent],
    ],
    tell: rate,
    unit: words.inRate,
    atLeast: 1024,
  },
  {
    title: words.disk,
    lines: [
      ['diskRead', 'average', 'average', words.read],
      ['diskWritten', 'average', 'other', words.written],
    ],
    tell: rate,
    unit: words.inRate,
    atLeast: 1024,
  },
  {
    title: words.waits,
    lines: [
      ['waited', 'average', 'average', words.waited],
      ['throttled', 'average', 'other', words.throttled],
      ['memoryStalled', 'average', 'promised', words.stalled],
    ],
    tell: percent,
    unit: words.ofTime,
    atLeast: 0.05,
  },
  {
    title: words.processes,
    lines: [
      ['processes', 'average', 'average', words.average],
      ['processes', 'most', 'most', words.most],
    ],
    tell: (value) => count(Math.round(value)),
    unit: words.inProcesses,
    atLeast: 4,
  },
];

/** What is not known, a line for each reason. */
function notesOf(whys: readonly (readonly [label: string, why: string | null | undefined])[]): string[] {
  const labels = new Map<string, Set<string>>();
  for (const [label, why] of whys) if (why) labels.set(why, (labels.get(why) ?? new Set()).add(label));
  return [...labels].map(([why, which]) => `– ${[...which].join(', ')}: ${why}`);
}

const seconds = (at: string): number => new Date(at).getTime() / 1000;

function Charts({ history }: { readonly history: History }) {
  const { series, walls, from, stepSeconds } = history;
  const drawn = useMemo(() => {
    const many = Object.values(series)[0]?.average.length ?? 0;
    const first = seconds(from);
    return {
      times: Array.from({ length: many }, (_, at) => first + at * stepSeconds),
      marks: walls.map(({ at }) => seconds(at)),
      rows: charts.map((row) => ({
        ...row,
        lines: row.lines.map(([name, of, kind, label]) => ({
          label,
          kind,
          values: series[name]?.[of] ?? [],
          last: series[name]?.last ?? null,
        })),
        notes: notesOf(row.lines.map(([name, , , label]) => [label, series[name]?.why])),
      })),
    };
  }, [history]);
  return (
    <div class="grid charts">
      {drawn.rows.map(({ title, lines, notes, tell, unit, atLeast }) => (
        <Chart
          key={title}
          label={title}
          times={drawn.times}
          marks={drawn.marks}
          lines={lines}
          notes={notes}
          tell={tell}
          unit={unit}
          atLeast={atLeast}
        />
      ))}
    </div>
  );
}

function Hits({ walls }: Pick<History, 'walls'>) {
  if (walls.length === 0) return <p class="soft">✓ {words.noWalls}</p>;
  const now = hostNow();
  return (
    <ul class="lines">
      {walls
        .toReversed()
        .slice(0, 50)
        .map(({ at, resource, rise, failcnt }) => (
          <li key={`${at} ${resource}`}>
            <time dateTime={at}>{moment(at, now)}</time>
            <span class="grow mono">{resource}</span>
            <span class="warn-text num">
              ✕ <data value={rise}>{words.refused(rise)}</data>
            </span>
            <span class="soft small">{words.sinceStart(failcnt)}</span>
          </li>
        ))}
    </ul>
  );
}

/** An hour, a day or a month of it. */
export function Tab({ row }: TabProps) {
  const asked = place.value.query.get('last') ?? '';
  const span = spanNames.find((name) => name === asked) ?? '1h';
  const { uuid } = row;
  const history = useAsked(
    (signal) =>
      daemon.history.domain(
        {
          domain: uuid,
          from: ago(spans[span], hostNow()),
          points: mostPoints,
        },
        { signal },
      ),
    [uuid, span],
    {
      onEvent: (event) => event.event === 'beancounter' && event.domain.uuid === uuid,
      onBeat: span === '1h' || isOver,
    },
  );
  const choose = (
    <fieldset class="buttons choice" aria-label={words.span}>
      {spanNames.map((name) => (
        <button
          key={name}
          type="button"
          class="button slim"
          aria-pressed={name === span}
          onClick={() => ask({ last: name === '1h' ? '' : name })}
        >
          {words.spans[name]}
        </button>
      ))}
    </fieldset>
  );
  return (
    <>
      <Card title={words.title} sub={words.sub} side={choose}>
        <Answer of={history} lines={10}>
          {(known) => <Charts history={known} />}
        </Answer>
      </Card>
      <Card title={words.walls} sub={words.time}>
        <Answer of={history} lines={2}>
          {({ walls }) => <Hits walls={walls} />}
        </Answer>
      </Card>
    </>
  );
}
