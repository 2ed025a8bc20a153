// Two changes of one text put together, line by line.
// SPDX-License-Identifier: Apache-2.0

/** What came of it; where both changed the same lines, both are there, between marks. */
export interface Merged {
  readonly text: string;
  readonly conflicts: number;
}

/** The lines between which both sides of a conflict stand. */
export const conflictMarks = ['<<<<<<< yours', '=======', '>>>>>>> theirs'] as const;

/** `yours` and `theirs` were each made of `base`. */
export function mergeTexts(base: string, yours: string, theirs: string): Merged {
  const from = base.split('\n');
  const mine = yours.split('\n');
  const other = theirs.split('\n');
  const [inMine, inOther] = [placesOf(from, mine), placesOf(from, other)];
  const merged: string[] = [];
  let conflicts = 0;
  let [at, mineAt, otherAt] = [0, 0, 0];
  for (let end = 0; end <= from.length; end++) {
    // The end of all three is a line that all have.
    const mineEnd = end === from.length ? mine.length : inMine.get(end);
    const otherEnd = end === from.length ? other.length : inOther.get(end);
    if (mineEnd === undefined || otherEnd === undefined) continue;
    const chunk = [from.slice(at, end), mine.slice(mineAt, mineEnd), other.slice(otherAt, otherEnd)] as const;
    const chosen = choose(...chunk);
    if (chosen === undefined) {
      conflicts++;
      const [first, middle, last] = conflictMarks;
      merged.push(first, ...chunk[1], middle, ...chunk[2], last);
    } else merged.push(...chosen);
    const line = from[end];
    if (line !== undefined) merged.push(line);
    [at, mineAt, otherAt] = [end + 1, mineEnd + 1, otherEnd + 1];
  }
  return { text: merged.join('\n'), conflicts };
}

/** A line of one text or both. */
export interface ComparedLine {
  readonly kind: 'same' | 'gone' | 'new';
  readonly text: string;
}

/** What became of the lines of a text, in order. */
export function compareTexts(before: string, after: string): readonly ComparedLine[] {
  const [from, to] = [before.split('\n'), after.split('\n')];
  const places = placesOf(from, to);
  const lines: ComparedLine[] = [];
  let next = 0;
  for (const [at, text] of from.entries()) {
    const place = places.get(at);
    if (place === undefined) lines.push({ kind: 'gone', text });
    else {
      for (; next < place; next++) lines.push({ kind: 'new', text: to[next] ?? '' });
      lines.push({ kind: 'same', text });
      next++;
    }
  }
  return [...lines, ...to.slice(next).map((text) => ({ kind: 'new', text }) as const)];
}

type Lines = readonly string[];

/** Of whichever side changed it; undefined where both did, to different lines. */
function choose(from: Lines, mine: Lines, other: Lines): Lines | undefined {
  if (isSame(mine, from)) return other;
  return isSame(other, from) || isSame(mine, other) ? mine : undefined;
}

const isSame = (some: Lines, others: Lines): boolean =>
  some.length === others.length && some.every((line, at) => line === others[at]);

/** Which line of another text each line of a text is still: as many as can be, in their order. */
function placesOf(from: Lines, to: Lines): ReadonlyMap<number, number> {
  const places = new Map<number, number>();
  let start = 0;
  while (start < from.length && start < to.length && from[start] === to[start]) {
    places.set(start, start);
    start++;
  }
  let [end, toEnd] = [from.length, to.length];
  while (end > start && toEnd > start && from[end - 1] === to[toEnd - 1]) places.set(--end, --toEnd);
  const [rows, columns] = [end - start, toEnd - start];
  // How many lines can be kept of what is left of both.
  const kept = Array.from({ length: rows + 1 }, () => new Uint32Array(columns + 1));
  const of = (row: number, column: number): number => kept[row]?.[column] ?? 0;
  for (let row = rows - 1; row >= 0; row--)
    for (let column = columns - 1; column >= 0; column--) {
      const line = kept[row];
      if (line === undefined) continue;
      line[column] =
        from[start + row] === to[start + column]
          ? of(row + 1, column + 1) + 1
          : Math.max(of(row + 1, column), of(row, column + 1));
    }
  for (let [row, column] = [0, 0]; row < rows && column < columns; ) {
    if (from[start + row] === to[start + column]) places.set(start + row++, start + column++);
    else if (of(row + 1, column) >= of(row, column + 1)) row++;
    else column++;
  }
  return places;
}
