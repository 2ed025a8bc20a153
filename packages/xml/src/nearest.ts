// The nearest valid spelling of a word.
// SPDX-License-Identifier: Apache-2.0

/** Edits (insert, delete, replace, swap of neighbours) from one word to another, given up above `limit`. */
function distance(from: string, to: string, limit: number): number {
  if (Math.abs(from.length - to.length) > limit) return limit + 1;
  let before: number[] = [];
  let above = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const replace = (above[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      let best = Math.min(replace, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      if (from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1])
        best = Math.min(best, (before[j - 2] ?? 0) + 1);
      row.push(best);
    }
    before = above;
    above = row;
  }
  return above[to.length] ?? limit + 1;
}

/** The word of a list that a person most likely meant; undefined when none is close. */
export function nearest(word: string, words: Iterable<string>): string | undefined {
  const given = word.slice(0, 64).toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(given.length / 3)) + 1;
  for (const candidate of words) {
    const edits = distance(given, candidate.toLowerCase(), bestDistance);
    if (edits < bestDistance && edits < candidate.length) {
      bestDistance = edits;
      best = candidate;
    }
  }
  return best;
}
