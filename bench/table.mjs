// The results as an aligned table.
// SPDX-License-Identifier: Apache-2.0

/** @typedef {'what' | 'ours' | 'theirs' | 'ratio' | 'reach' | 'ok'} Key */
/** @typedef {Readonly<Partial<Record<Key, string>>>} Cells */

const columns = {
  what: 'what',
  ours: 'ours',
  theirs: 'theirs',
  ratio: 'ratio',
  reach: 'reach',
  ok: 'met?',
};
/** @type {ReadonlySet<Key>} */
const right = new Set(['ours', 'theirs', 'ratio']);

/** @param {readonly import('./measure.mjs').Figures[]} results */
export function formatTable(results) {
  const cells = results.map(({ what, ours, theirs, reach, ...result }) => ({
    ...{ what, ours, theirs, reach },
    ratio: result.ratio === undefined ? '' : ratioOf(result.ratio),
    ok: result.ok === undefined ? '' : result.ok ? 'yes' : 'NO',
  }));
  const keys = /** @type {Key[]} */ (Object.keys(columns));
  /** @type {readonly Cells[]} */
  const rows = [columns, ...cells];
  const width = /** @type {Record<Key, number>} */ (
    Object.fromEntries(keys.map((key) => [key, Math.max(...rows.map((row) => (row[key] ?? '').length))]))
  );
  /** @param {Cells} row */
  const line = (row) =>
    keys
      .map((key) =>
        right.has(key) ? (row[key] ?? '').padStart(width[key]) : (row[key] ?? '').padEnd(width[key]),
      )
      .join('  ')
      .trimEnd();
  const rule = '-'.repeat(keys.reduce((sum, key) => sum + width[key] + 2, -2));
  return [line(columns), rule, ...cells.map(line)].join('\n');
}

/**
 * Below a tenth a ratio is easier read as a fraction.
 *
 * @param {number} ratio
 */
const ratioOf = (ratio) => (ratio < 0.1 ? `1/${Math.round(1 / ratio)}` : `${ratio.toFixed(2)} ×`);
