// A line over time, small, with marks where something was refused.
// SPDX-License-Identifier: Apache-2.0
import { height, pathOfValues, width } from './spark-path.js';

interface SparkProps {
  /** The same in words. */
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** Where along the line something was refused, from 0 to 1. */
  readonly marks?: readonly number[] | undefined;
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
