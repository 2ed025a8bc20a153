// The file grammar of vz.conf, CTID.conf and ve-NAME.conf-sample: read to entries, edited in place.
// SPDX-License-Identifier: Apache-2.0
import { FormatError } from '../errors.js';
import type { Duplicates, Parameter, Syntax } from './parameter.js';
import { canonicalKey, parameterOf } from './parameters.js';

/** Something a reader should know about one line (from 1); nothing here stops the file from loading. */
export interface ConfWarning {
  readonly line: number;
  readonly key?: string;
  readonly code:
    | 'no-separator'
    | 'unmatched-quote'
    | 'long-key'
    | 'control-character'
    | 'duplicate'
    | 'trailing-comment';
  readonly message: string;
}

/** One `KEY=value` line as it stands. */
export interface ConfEntry {
  readonly line: number;
  /** As spelled in the file; `canonicalKey` knows the old names. */
  readonly key: string;
  readonly value: string;
  readonly quoted: boolean;
}

/** A file read line by line; `lines` joined by newlines is the text again. */
export interface ConfFile {
  readonly lines: readonly string[];
  readonly entries: readonly ConfEntry[];
  readonly warnings: readonly ConfWarning[];
}

/** What a key means after the duplicates rule; `lines` are those that contributed. */
export interface ConfValue {
  readonly key: string;
  readonly value: string;
  readonly lines: readonly number[];
}

const maxKey = 512;

/** Reads any text: what is no entry becomes a warning or is a comment. */
export function parseConf(text: string): ConfFile {
  const lines = text.split('\n');
  const entries: ConfEntry[] = [];
  const warnings: ConfWarning[] = [];
  lines.forEach((raw, index) => {
    const parsed = readLine(raw, index + 1);
    if (parsed === undefined) return;
    if ('code' in parsed) warnings.push(parsed);
    else entries.push(parsed);
  });
  return { lines, entries, warnings };
}

function readLine(raw: string, line: number): ConfEntry | ConfWarning | undefined {
  const text = trimBlanks(raw.replace(/\\(.?)/gs, '$1'));
  if (text === '' || text.startsWith('#')) return undefined;
  const at = text.indexOf('=');
  if (at < 0)
    return { line, code: 'no-separator', message: `no "=" in "${excerpt(text)}": the line is skipped` };
  const key = text.slice(0, at);
  if (key.length >= maxKey)
    return { line, code: 'long-key', message: `the key is longer than ${maxKey - 1} characters` };
  // No key of anybody's has one, and a document cannot carry it.
  if (/\p{Cc}/u.test(key))
    return {
      line,
      code: 'control-character',
      message: 'the key has a control character in it: the line is skipped',
    };
  const rest = text.slice(at + 1);
  if (!rest.startsWith('"')) return { line, key, value: rest, quoted: false };
  const end = rest.lastIndexOf('"');
  if (end === 0)
    return {
      line,
      key,
      code: 'unmatched-quote',
      message: `${key}: the quote is not closed, the line is skipped`,
    };
  return { line, key, value: rest.slice(1, end), quoted: true };
}

const isBlank = (character: string | undefined): boolean =>
  character !== undefined && ' \t\r\v\f'.includes(character);

// Not a regular expression: /[ \t]+$/ takes quadratic time on a long run of blanks inside a line.
function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text[start])) start++;
  while (end > start && isBlank(text[end - 1])) end--;
  return text.slice(start, end);
}

const excerpt = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}…` : text);

const blanksAllowed: ReadonlySet<Syntax> = new Set(['list', 'switches', 'text', 'netif']);

/** The value an entry holds; an unquoted `VALUE # note` keeps the note out where a value cannot hold blanks. */
function plainValue(entry: ConfEntry, parameter: Parameter | undefined, warnings: ConfWarning[]): string {
  if (entry.quoted || !parameter || blanksAllowed.has(parameter.syntax)) return entry.value;
  const at = entry.value.search(/[ \t]#/);
  if (at < 0) return entry.value;
  warnings.push({
    line: entry.line,
    key: entry.key,
    code: 'trailing-comment',
    message: `${entry.key}: "${excerpt(entry.value.slice(at + 1))}" is taken for a comment`,
  });
  return trimBlanks(entry.value.slice(0, at));
}

/** Applies each key's duplicates rule; keys come under their current names, in order of first appearance. */
export function effectiveValues(file: ConfFile): {
  readonly values: ReadonlyMap<string, ConfValue>;
  readonly warnings: readonly ConfWarning[];
} {
  const values = new Map<string, ConfValue>();
  const warnings: ConfWarning[] = [];
  for (const entry of file.entries) {
    const key = canonicalKey(entry.key);
    const parameter = parameterOf(entry.key);
    const value = plainValue(entry, parameter, warnings);
    const known = values.get(key);
    if (known === undefined) {
      values.set(key, { key, value, lines: [entry.line] });
      continue;
    }
    // What the shell makes of a key nobody knows: the last assignment counts.
    const rule = parameter?.duplicates ?? 'last';
    values.set(key, joinRules[rule](known, { key, value, lines: [entry.line] }));
    if (rule !== 'all') {
      const message = `${key} is given again: the ${rule} one counts`;
      warnings.push({ line: entry.line, key, code: 'duplicate', message });
    }
  }
  return { values, warnings };
}

const joinRules: Readonly<Record<Duplicates, (known: ConfValue, next: ConfValue) => ConfValue>> = {
  first: (known) => known,
  last: (_, next) => next,
  all: (known, next) => ({
    key: known.key,
    value: [known.value, next.value].filter((part) => part !== '').join(' '),
    lines: [...known.lines, ...next.lines],
  }),
};

/** Refuses what the tools or a shell that sources the file would read as something else. */
export function confLine(key: string, value: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,510}$/.test(key))
    throw new FormatError('unwritable', `"${excerpt(key)}" cannot be a key of an OpenVZ configuration`, {
      key,
    });
  const bad = unwritableIn(value);
  if (bad !== undefined)
    throw new FormatError('unwritable', `${key}: an OpenVZ configuration cannot hold ${bad} in a value`, {
      key,
    });
  return `${key}="${value}"`;
}

/** Names the first thing in a value that the grammar has no way to write; undefined when there is none. */
export function unwritableIn(value: string): string | undefined {
  const match = /["`\\\n\r\0]|\$(?!VEID(?![A-Za-z0-9_])|\{VEID\})/.exec(value);
  return match === null ? undefined : JSON.stringify(match[0]);
}

/**
 * Sets (or with undefined removes) keys and leaves the rest of the text as it is. A changed key keeps the place of
 * its first line; further lines of that key go, as one of them might count instead. Equal values change nothing.
 */
export function editConf(text: string, changes: ReadonlyMap<string, string | undefined>): string {
  const file = parseConf(text);
  const { values } = effectiveValues(file);
  const pending = new Map([...changes].filter(([key, value]) => values.get(key)?.value !== value));
  if (pending.size === 0) return text;
  const replaced = new Map<number, string | undefined>();
  const placed = new Set<string>();
  for (const { line, key: spelled } of file.entries) {
    const key = canonicalKey(spelled);
    if (!pending.has(key)) continue;
    const value = pending.get(key);
    const end = file.lines[line - 1]?.endsWith('\r') ? '\r' : '';
    replaced.set(line, value === undefined || placed.has(key) ? undefined : confLine(key, value) + end);
    placed.add(key);
  }
  const kept = file.lines.flatMap((raw, index) => {
    const line = replaced.has(index + 1) ? replaced.get(index + 1) : raw;
    return line === undefined ? [] : [line];
  });
  const added = [...pending].flatMap(([key, value]) =>
    value === undefined || placed.has(key) ? [] : [confLine(key, value)],
  );
  return appendLines(kept, added);
}

function appendLines(lines: readonly string[], added: readonly string[]): string {
  if (added.length === 0) return lines.join('\n');
  const base = lines.at(-1) === '' ? lines.slice(0, -1) : lines;
  return `${[...base, ...added].join('\n')}\n`;
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** True for a UUID with hyphens, in either case: OpenVZ 7 names containers so. */
export const isUuid = (text: string): boolean => uuidPattern.test(text);

/** The UUID that libvirt's OpenVZ driver keeps in a comment; `malformed` when its first such line holds none. */
export function readUuid(
  text: string,
): { uuid: string; line: number } | { malformed: string; line: number } | undefined {
  const lines = text.split('\n');
  for (const [index, raw] of lines.entries()) {
    const words = raw.replace(/^ +/, '');
    if (!words.startsWith('#UUID: ')) continue;
    const uuid = words.slice('#UUID:'.length).replace(/^ +/, '');
    const line = index + 1;
    return uuidPattern.test(uuid) ? { uuid: uuid.toLowerCase(), line } : { malformed: uuid, line };
  }
  return undefined;
}

/** Puts the UUID comment in: over the first one, or at the end the way libvirt does. */
export function writeUuid(text: string, uuid: string): string {
  if (!uuidPattern.test(uuid))
    throw new FormatError('invalid', `"${excerpt(uuid)}" is no UUID`, { key: 'UUID' });
  const comment = `#UUID: ${uuid.toLowerCase()}`;
  const known = readUuid(text);
  if (known === undefined) return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}\n${comment}\n`;
  const lines = text.split('\n');
  lines[known.line - 1] = comment;
  return lines.join('\n');
}
