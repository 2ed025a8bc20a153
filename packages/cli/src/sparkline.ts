// Numbers over time as a line of bars, and marks below it.
// SPDX-License-Identifier: Apache-2.0

const bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;
const MARK = '×';

/** A bar for each number, from nothing to the highest of them; a blank is a gap. */
export function sparkline(values: readonly (number | null)[]): string {
  const most = values.reduce<number>((highest, value) => Math.max(highest, value ?? 0), 0);
  return values
    .map((value) => {
      if (value === null) return ' ';
      const height = most === 0 ? 0 : Math.ceil((value / most) * bars.length) - 1;
      return bars[Math.max(0, height)] ?? ' ';
    })
    .join('');
}

/** A mark at each step in which something happened. */
export function marks(steps: number, happened: readonly number[]): string {
  const line = Array.from({ length: steps }, () => ' ');
  for (const step of happened) if (step >= 0 && step < steps) line[step] = MARK;
  return line.join('').trimEnd();
}
