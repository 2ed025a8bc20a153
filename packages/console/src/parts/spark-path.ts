// A line over time in SVG's words.
// SPDX-License-Identifier: Apache-2.0
import { isLone } from './lone.js';

/** Of the picture, in its own units. */
export const [width, height] = [300, 44];
/** What stands alone is a dash of that length. */
const dash = 3;

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
      const y = (height - 3 - (value / most) * (height - 6)).toFixed(1);
      if (isLone(values, at)) return `M${Math.min(x, width - dash).toFixed(1)} ${y}h${dash}`;
      return `${step}${x.toFixed(1)} ${y}`;
    })
    .join('');
}
