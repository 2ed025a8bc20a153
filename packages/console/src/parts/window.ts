// Which rows of a long list are there to be seen.
// SPDX-License-Identifier: Apache-2.0

/** Rows to draw, from `from` up to but without `to`. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** So many rows beyond each edge are drawn, too: who scrolls meets no gap. */
const beyond = 6;

/** The rows between `top` and `bottom` of a list, in pixels from its begin. */
export function spanOf(top: number, bottom: number, rowHeight: number, all: number): Span {
  const from = Math.max(0, Math.floor(top / rowHeight) - beyond);
  const to = Math.min(all, Math.ceil(bottom / rowHeight) + beyond);
  return { from: Math.min(from, Math.max(0, all - 1)), to: Math.max(to, 0) };
}
