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
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const clean = [head, ...rows].map((row) => row.map(printable));
  const widths = head.map((_, at) => Math.max(...clean.map((row) => displayWidth(row[at] ?? ''))));
  const line = (row: readonly string[]) =>
    row.map((cell, at) => (at < row.length - 1 ? ` ${pad(cell, widths[at] ?? 0)}  ` : ` ${cell}`)).join('');
  const rule = '-'.repeat(widths.reduce((sum, width) => sum + width + 3, 0));
  const [headLine, ...lines] = clean.map(line);
  return `${[headLine, rule, ...lines].join('\n')}\n\n`;
}

/** `Name:           value` lines in virsh's form. */
export function formatFields(fields: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(15, ...fields.map(([name]) => name.length + 2));
  return `${fields.map(([name, value]) => `${pad(`${name}:`, width)} ${printable(value)}`).join('\n')}\n\n`;
}

const pad = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - displayWidth(text)));
