// The results as an aligned table.
// SPDX-License-Identifier: Apache-2.0

const columns = {
  what: 'what',
  ours: 'ours',
  theirs: 'theirs',
  ratio: 'ratio',
  reach: 'reach',
  ok: 'met?',
};
const right = new Set(['ours', 'theirs', 'ratio']);

export function formatTable(results) {
  const cells = results.map((result) => ({
    ...result,
    ratio: result.ratio === undefined ? '' : ratioOf(result.ratio),
    ok: result.ok === undefined ? '' : result.ok ? 'yes' : 'NO',
  }));
  const keys = Object.keys(columns);
  const rows = [columns, ...cells];
  const width = Object.fromEntries(
    keys.map((key) => [key, Math.max(...rows.map((row) => (row[key] ?? '').length))]),
  );
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

/** Below a tenth a ratio is easier read as a fraction. */
const ratioOf = (ratio) => (ratio < 0.1 ? `1/${Math.round(1 / ratio)}` : `${ratio.toFixed(2)} ×`);
