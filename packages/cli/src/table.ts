// Tables and field lists aligned as virsh aligns them.
// SPDX-License-Identifier: Apache-2.0
import { printable } from './printable.js';

const isAscii = /^[\x20-\x7e]*$/;

/** Cells on a terminal, near enough: wide East Asian characters take two, combining marks none. */
export function displayWidth(text: string): number {
  if (isAscii.test(text)) return text.length;
  let width = 0;
  for (const character of text.normalize('NFC')) {
    if (/\p{Mark}|\p{Format}/u.test(character)) continue;
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return width;
}

/** A table in virsh's form: a blank before, three between columns, a rule under the head, an empty line last. */
export function formatTable(head: readonly string[], rows: readonly Row[], width = Infinity): string {
  const { headLines, rule, rowLines } = tableLines(head, rows, width);
  return `${[...headLines, rule, ...rowLines.flat()].join('\n')}\n\n`;
}

type Row = readonly string[];

/** The lines of each row: more than one where its cells are broken, which they are where a terminal is narrower than the table. */
export function tableLines(
  head: Row,
  rows: readonly Row[],
  width = Infinity,
): {
  readonly headLines: readonly string[];
  readonly rule: string;
  readonly rowLines: readonly (readonly string[])[];
} {
  const clean = [head, ...rows].map((row) => row.map(printable));
  const natural = head.map((_, at) => greatest(clean.map((row) => displayWidth(row[at] ?? ''))));
  const { widths, gap } = layout(clean, natural, width);
  const space = ' '.repeat(gap - 1);
  const line = (row: Row) =>
    row
      .map((cell, at) => (at < row.length - 1 ? ` ${pad(cell, widths[at] ?? 0)}${space}` : ` ${cell}`))
      .join('');
  const [headLines = [], ...rowLines] = clean.map((row) => {
    const cells = row.map((cell, at) => brokenInto(cell, widths[at] ?? 0));
    const height = Math.max(1, ...cells.map(({ length }) => length));
    return Array.from({ length: height }, (_, at) => line(cells.map((lines) => lines[at] ?? '')));
  });
  return { headLines, rule: '-'.repeat(Math.min(sumOf(widths, gap), width)), rowLines };
}

/** Of any number of them: arguments have to fit the stack. */
const greatest = (numbers: readonly number[]): number =>
  numbers.reduce((most, one) => Math.max(most, one), 0);

const whole = (text: string): readonly string[] => [text];
/** A number stays with its unit. */
const words = (text: string): readonly string[] => text.split(/(?<= )(?!(?:[KMGTP]i)?B\b)/);
const pieces = (text: string): readonly string[] => text.split(/(?<=[ ,/_=-])/);

/** Between one column and the next, as virsh has it. */
const GAP = 3;
const sumOf = (widths: readonly number[], gap: number): number =>
  widths.reduce((sum, width) => sum + width + gap, 0);

/** What a table that is too wide gives up, from the first to the last: blanks between columns, then lines that are whole. */
const sacrifices = [
  { gap: GAP, parts: whole },
  { gap: 2, parts: whole },
  { gap: 2, parts: words },
  { gap: 1, parts: words },
  { gap: 1, parts: pieces },
] as const;

/** The widest column that can be broken gives way to the others. */
function layout(
  rows: readonly Row[],
  natural: readonly number[],
  terminal: number,
): { readonly widths: readonly number[]; readonly gap: number } {
  const widths = [...natural];
  for (const { gap, parts } of sacrifices) {
    const room = terminal + gap - 1; // the last column needs no gap behind it
    if (sumOf(widths, gap) <= room) return { widths, gap };
    const least = natural.map((_, at) =>
      greatest(rows.flatMap((row) => parts(row[at] ?? '').map((part) => displayWidth(part.trimEnd())))),
    );
    while (sumOf(widths, gap) > room) {
      const spare = widths.map((width, at) => (width > (least[at] ?? width) ? width : 0));
      const widest = greatest(spare);
      if (widest === 0) break;
      widths[spare.indexOf(widest)] = widest - 1;
    }
    if (sumOf(widths, gap) <= room) return { widths, gap };
  }
  return { widths, gap: 1 };
}

/** No line is wider, as far as the text can be broken. */
function brokenInto(text: string, width: number): readonly string[] {
  if (displayWidth(text) <= width) return [text];
  const fits = (line: string): boolean => displayWidth(line.trimEnd()) <= width;
  const lines: string[] = [];
  let line = '';
  for (const word of words(text))
    for (const part of fits(word) ? [word] : pieces(word)) {
      if (line !== '' && !fits(line + part)) {
        lines.push(line.trimEnd());
        line = '';
      }
      line += part;
    }
  return [...lines, line.trimEnd()];
}

/** `Name:           value` lines in virsh's form. */
export function formatFields(
  fields: readonly (readonly [name: string, value: string])[],
  width = Infinity,
): string {
  const left = Math.max(15, ...fields.map(([name]) => name.length + 2));
  const lines = fields.flatMap(([name, value]) =>
    brokenInto(printable(value), width - left - 1).map(
      (line, at) => `${pad(at === 0 ? `${name}:` : '', left)} ${line}`,
    ),
  );
  return `${lines.join('\n')}\n\n`;
}

const pad = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - displayWidth(text)));
