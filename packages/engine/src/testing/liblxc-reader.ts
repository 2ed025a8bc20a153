// Reads a configuration as liblxc 5 and 6 do (confile.c, parse_line), told anew: what its writer must not be misread by.
// SPDX-License-Identifier: Apache-2.0

/** isspace(3) of the C locale. */
const blanks = ' \t\n\v\f\r';

function trimmed(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && blanks.includes(text.charAt(from))) from++;
  while (to > from && blanks.includes(text.charAt(to - 1))) to--;
  return text.slice(from, to);
}

/** Every setting in order; a line that is none of `key = value` throws, as it ends a start. */
export function readAsLiblxc(text: string): [key: string, value: string][] {
  const rows: [string, string][] = [];
  for (const raw of text.split('\n')) {
    // A C string ends at its first NUL.
    const line = trimmed(raw.split('\0')[0] ?? '');
    if (line === '' || line.startsWith('#') || !line.startsWith('lxc.')) {
      if (line !== '' || raw.includes('\0'))
        throw new Error(`a line that sets nothing: ${JSON.stringify(raw)}`);
      continue;
    }
    const equals = line.indexOf('=');
    if (equals < 0) throw new Error(`no setting: ${JSON.stringify(line)}`);
    let value = trimmed(line.slice(equals + 1));
    const quote = value.charAt(0);
    if ((quote === '"' || quote === "'") && value.length > 1 && value.endsWith(quote))
      value = value.slice(1, -1);
    rows.push([trimmed(line.slice(0, equals)), value]);
  }
  return rows;
}

/** The first four fields of a mount entry as getmntent(3) of glibc reads them. */
export function readMountEntry(value: string): string[] {
  const escapes: Readonly<Record<string, string>> = { '040': ' ', '011': '\t', '012': '\n', '134': '\\' };
  return value
    .split(/[ \t]+/)
    .slice(0, 4)
    .map((field) => field.replace(/\\(040|011|012|134|\\)/g, (_, code: string) => escapes[code] ?? '\\'));
}
