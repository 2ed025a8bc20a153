// The table of what the campaign found, as docs/security.md shows it.
// SPDX-License-Identifier: Apache-2.0

const columns = ['part', 'what', 'how often', 'figures', 'faults', 'minutes', 'date', 'seed'];
const cell = (value) => String(value).replaceAll('|', '\\|').replaceAll('\n', ' ');
const line = (cells) => `| ${cells.map(cell).join(' | ')} |`;

/** `rows` by the name of the part. */
export function tableOf(rows) {
  const lines = Object.entries(rows).map(([name, { what, done, figures, faults, minutes, date, seed }]) =>
    line([name, what, done, figures, faults, minutes, date, seed]),
  );
  return [line(columns), line(columns.map(() => '---')), ...lines].join('\n');
}
