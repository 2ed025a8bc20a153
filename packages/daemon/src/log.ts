// The daemon's log: lines for people in the foreground, JSON for machines.
// SPDX-License-Identifier: Apache-2.0
import { type DestinationStream, type Logger, pino } from 'pino';

/** `text` is a line with the time of day and the message, `json` an object a line with all that is known. */
export type LogFormat = 'text' | 'json';

const levelNames: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};
const colours: Readonly<Record<number, string>> = { 40: '\x1b[33m', 50: '\x1b[31m', 60: '\x1b[31m' };
/** Of each line; the rest are details, shown where there is room for them. */
const ownKeys = new Set(['level', 'time', 'pid', 'hostname', 'msg', 'err']);

/** A logger of that level and above; colours only for a terminal, and not under NO_COLOR. */
export function createLog(format: LogFormat, level: string, output: NodeJS.WriteStream): Logger {
  if (format === 'json') return pino({ level, base: null }, output);
  return pino({ level, base: null }, textStream(output));
}

function textStream(output: NodeJS.WriteStream): DestinationStream {
  const coloured = output.isTTY === true && process.env['NO_COLOR'] === undefined;
  return {
    write(line) {
      const parsed: unknown = JSON.parse(line);
      if (typeof parsed === 'object' && parsed !== null) output.write(`${textOf({ ...parsed }, coloured)}\n`);
    },
  };
}

function textOf(entry: Record<string, unknown>, coloured: boolean): string {
  const level = Number(entry['level']);
  const time = new Date(Number(entry['time'])).toTimeString().slice(0, 8);
  const name = (levelNames[level] ?? String(level)).padEnd(5);
  const colour = coloured ? (colours[level] ?? '') : '';
  const error = entry['err'];
  const stack =
    typeof error === 'object' && error !== null && 'stack' in error ? placesOf(String(error.stack)) : '';
  const details = level <= 20 ? Object.entries(entry).filter(([key]) => !ownKeys.has(key)) : [];
  const rest = details.map(([key, value]) => ` ${key}=${inOneLine(JSON.stringify(value))}`).join('');
  const message = inOneLine(String(entry['msg'] ?? ''));
  return `${time} ${colour}${name}${colour === '' ? '' : '\x1b[0m'} ${message}${rest}${stack}`;
}

/** Line breaks would make other entries, control characters drive a terminal, marks of direction deceive its reader. */
const inOneLine = (text: string): string =>
  text.replace(/[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(4, '0');
    return character === '\n' ? '\\n' : `\\u${code}`;
  });

const placesOf = (stack: string): string =>
  stack
    .split('\n')
    .map((line) => `\n    ${inOneLine(line.trim())}`)
    .join('');
