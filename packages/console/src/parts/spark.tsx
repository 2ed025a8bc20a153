// A line over time, small, with marks where something was refused.
// SPDX-License-Identifier: Apache-2.0

interface SparkProps {
  /** The same in words. */
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** Where along the line something was refused, from 0 to 1. */
  readonly marks?: readonly number[] | undefined;
}

const [width, height] = [300, 44];

/** The line's pieces between gaps, in SVG's words. */
export function pathOfValues(values: readonly (number | null)[]): string {
  const most = Math.max(...values.map((value) => value ?? 0), Number.EPSILON);
  let isDrawing = false;
  return values
    .map((value, at) => {
      if (value === null) {
        isDrawing = false;
        return '';
      }
      const step = isDrawing ? 'L' : 'M';
      isDrawing = true;
      const x = (at / Math.max(1, values.length - 1)) * width;
      return `${step}${x.toFixed(1)} ${(height - 3 - (value / most) * (height - 6)).toFixed(1)}`;
    })
    .join('');
}

/** The line. */
export const Spark = ({ label, values, marks = [] }: SparkProps) => (
  <svg
    class="spark"
    viewBox={`0 0 ${width} ${height}`}
    preserveAspectRatio="none"
    role="img"
    aria-label={label}
  >
    <path class="spark-line" d={pathOfValues(values)} vector-effect="non-scaling-stroke" />
    {marks.map((mark) => (
      <path
        key={mark}
        class="spark-mark"
        d={`M${mark * width} ${height - 9}V${height}`}
        vector-effect="non-scaling-stroke"
      />
    ))}
  </svg>
);
