// Numbers over time on a canvas, with marks where something was refused; charts of one page share their cursor.
// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { theme } from '../state/theme.js';
import { texts } from '../texts.js';
import { loneIn } from './lone.js';
import { stepsFor } from './steps.js';

/** One line of a chart. */
export interface Line {
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** The newest number, where values are of longer times. */
  readonly last: number | null;
  /** What was promised is dashed, the most is thin, an average is filled. */
  readonly kind: 'average' | 'most' | 'promised' | 'other';
}

interface ChartProps {
  readonly label: string;
  /** Seconds since 1970, one for each value. */
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  /** What cannot be shown, and why. */
  readonly notes: readonly string[];
  /** Moments of refusals. */
  readonly marks: readonly number[];
  readonly tell: (value: number) => string;
  /** What the axis says of its numbers. */
  readonly unit: string;
  /** Where the scale ends at least. */
  readonly atLeast?: number | undefined;
}

/** What a chart shows by now. */
interface Latest {
  readonly current: ChartProps;
}

const height = 184;
const axisPixels = 72;

const colour = (name: string): string => {
  const probe = document.createElement('span');
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
};

function seriesOf({ label, kind }: Line, at: number, latest: Latest): uPlot.Series {
  const blue = colour('blue-fill');
  const forms: Readonly<Record<Line['kind'], Partial<uPlot.Series>>> = {
    average: { stroke: blue, width: 2, fill: blue.replace('rgb(', 'rgba(').replace(')', ', 0.16)') },
    most: { stroke: blue, width: 1, dash: [2, 3] },
    promised: { stroke: colour('ink'), width: 1.5, dash: [6, 4] },
    other: { stroke: colour('orange-fill'), width: 2 },
  };
  const form = forms[kind];
  return {
    label,
    spanGaps: false,
    // Of a line between two gaps that is one number long nothing would be seen.
    points: {
      show: false,
      filter: (plot, series) => loneIn([...(plot.data[series] ?? [])]),
      size: 4,
      ...(form.stroke !== undefined && { fill: form.stroke }),
    },
    // Where no cursor is, the newest stands.
    value: (_, value, __, cursor) => {
      const { lines, tell } = latest.current;
      const shown = cursor === null ? (lines[at]?.last ?? null) : value;
      return shown === null ? '–' : tell(shown);
    },
    ...form,
  };
}

/** A cross at the foot for each refusal. */
const drawMarks = (latest: Latest) => (plot: uPlot) => {
  const { marks } = latest.current;
  const { ctx, bbox } = plot;
  const size = 4 * devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = colour('orange-fill');
  ctx.lineWidth = 2 * devicePixelRatio;
  const y = bbox.top + bbox.height - size * 2;
  for (const mark of marks) {
    const x = plot.valToPos(mark, 'x', true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x - size, y - size);
    ctx.lineTo(x + size, y + size);
    ctx.moveTo(x - size, y + size);
    ctx.lineTo(x + size, y - size);
    ctx.stroke();
  }
  ctx.restore();
};

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/** The day where it is another one, else the time of day. */
const timesOf = (splits: readonly number[]): string[] =>
  splits.map((at, index) => {
    const date = new Date(at * 1000);
    const before = new Date((splits[index - 1] ?? at) * 1000);
    const isDay = date.getHours() === 0 && date.getMinutes() === 0;
    return isDay || date.toDateString() !== before.toDateString() ? day.format(date) : clock.format(date);
  });

const labelled = (label: string) => ({ label, labelSize: 16, labelGap: 0, labelFont: '12px system-ui' });

function optionsOf(latest: Latest, width: number): uPlot.Options {
  const { lines, tell, unit, atLeast = 0 } = latest.current;
  const soft = colour('soft');
  const grid = { stroke: colour('line'), width: 1 };
  const axis = { stroke: soft, grid, ticks: grid, font: '12px system-ui' };
  return {
    width,
    height,
    padding: [8, 24, 0, 0],
    cursor: { sync: { key: 'usage' }, y: false, points: { size: 7 } },
    legend: { show: true, live: true },
    scales: { y: { range: (_, __, most) => [0, Math.max(most * 1.1, atLeast, Number.EPSILON)] } },
    axes: [
      { ...axis, ...labelled(texts.usage.time), size: 28, values: (_, splits) => timesOf(splits) },
      {
        ...axis,
        ...labelled(unit),
        size: axisPixels,
        values: (_, splits) => splits.map(tell),
        incrs: stepsFor(tell),
      },
    ],
    series: [{}, ...lines.map((line, at) => seriesOf(line, at, latest))],
    hooks: { draw: [drawMarks(latest)] },
  };
}

/** What it says, for those who do not see it. */
const inWords = ({ label, lines, tell }: ChartProps): string =>
  `${label}: ${lines
    .map(({ label: name, values, last }) => {
      const known = values.filter((value) => value !== null);
      if (known.length === 0) return `${name} –`;
      return `${name} ${last === null ? '–' : tell(last)}, at most ${tell(Math.max(...known))}`;
    })
    .join('; ')}`;

const dataOf = ({ times, lines }: ChartProps): uPlot.AlignedData => [
  [...times],
  ...lines.map(({ values }) => [...values]),
];

/** One chart; new numbers of the same lines are drawn into it, with the cursor where it is. */
export function Chart(props: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const latest = useRef(props);
  latest.current = props;
  const { times, lines, marks, label, notes } = props;
  const { value: colours } = theme;
  const names = lines.map(({ label: name, kind }) => `${name} ${kind}`).join();
  useEffect(() => {
    const { current } = box;
    if (current === null) return;
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const draw = () => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(latest, current.clientWidth), dataOf(latest.current), current);
    };
    draw();
    const sized = new ResizeObserver(() => plot.current?.setSize({ width: current.clientWidth, height }));
    sized.observe(current);
    dark.addEventListener('change', draw);
    return () => {
      sized.disconnect();
      dark.removeEventListener('change', draw);
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [names, colours]);
  useEffect(() => plot.current?.setData(dataOf(latest.current)), [times, lines, marks]);
  return (
    <figure class="chart" aria-label={inWords(props)}>
      <figcaption>
        <h3>{label}</h3>
      </figcaption>
      <div ref={box} aria-hidden="true" />
      {notes.map((note) => (
        <p key={note} class="soft small">
          {note}
        </p>
      ))}
    </figure>
  );
}
