// Native files may hold what a document cannot: it is replaced or left out, and reported, whatever the format.
// SPDX-License-Identifier: Apache-2.0
import type { FileEntry, FileSet } from './files.js';
import type { Format } from './format.js';
import type { ReportRow } from './report.js';
import { soundly } from './sound.js';

const unwritable = /[^\t\n\r\u{20}-\u{7E}\u{A0}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u;
const everyUnwritable = new RegExp(unwritable, 'gu');

/** The text with U+FFFD for each character that XML, or a value in a document, has no way to hold. */
export function xmlText(text: string): string {
  return unwritable.test(text) ? text.replace(everyUnwritable, '\uFFFD') : text;
}

/** The same of what has to be one line: a name, a path. */
export const lineText = (text: string): string => xmlText(text).replace(/[\t\n\r]/g, '\uFFFD');

/** A row for each line that `xmlText` changed. */
export function unwritableLines(file: string, text: string): ReportRow[] {
  if (!unwritable.test(text)) return [];
  return text.split('\n').flatMap((line, index): ReportRow[] => {
    const found = unwritable.exec(line);
    if (found === null) return [];
    const code = found[0].codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0') ?? '';
    const how = `U+${code} is replaced: no document holds it`;
    return [{ file, line: index + 1, key: '', status: 'approximated', how }];
  });
}

const guessed = 'the line is no UTF-8: it is read as ISO 8859-1';

interface Cleaned {
  readonly files: FileSet;
  readonly rows: readonly ReportRow[];
}

function clean(files: FileSet): Cleaned {
  const rows: ReportRow[] = [];
  const entries = [...files].map(([path, entry]): [string, FileEntry] => {
    if (entry.text === undefined) return [lineText(path), { link: xmlText(entry.link) }];
    rows.push(...unwritableLines(lineText(path), entry.text));
    for (const line of entry.guessedLines ?? [])
      rows.push({ file: lineText(path), line, key: '', status: 'approximated', how: guessed });
    return [lineText(path), { text: xmlText(entry.text) }];
  });
  return { files: new Map(entries), rows };
}

/** The format, reading cleaned files to documents that do not contradict themselves. */
export function dependable(format: Format): Format {
  return {
    ...format,
    read(files, unit, host) {
      const { files: clear, rows } = clean(files);
      const place = { name: lineText(unit.name), path: lineText(unit.path) };
      const result = soundly((careful) => format.read(clear, place, { ...host, careful }));
      const inFiles = new Set(result.report.map(({ file }) => file));
      return { ...result, report: [...rows.filter(({ file }) => inFiles.has(file)), ...result.report] };
    },
  };
}
