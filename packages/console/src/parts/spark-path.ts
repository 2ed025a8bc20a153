// A line over time in SVG's words.
// SPDX-License-Identifier: Apache-2.0

/** Of the picture, in its own units. */
export const [width, height] = [300, 44];

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
