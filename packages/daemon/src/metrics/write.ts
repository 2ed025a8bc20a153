// Prometheus' text format 0.0.4: families of numbers, each with its help and type once, in the order in which they are declared.
// SPDX-License-Identifier: Apache-2.0
import { setImmediate as turn } from 'node:timers/promises';

/** One family of numbers over subjects of one kind; null, undefined and what is not a number are no sample. */
export interface Family<S> {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly value: (subject: S) => number | null | undefined;
}

const family =
  (type: 'counter' | 'gauge') =>
  <S>(name: string, help: string, value: Family<S>['value']): Family<S> => ({ name, help, type, value });
/** What counts up from a start on; its name ends in `_total`. */
export const counter = family('counter');
/** What goes up and down. */
export const gauge = family('gauge');

/** Families that have the same labels, so that one can be divided by another: queries join on all of them. */
export interface Group<K> {
  readonly labels: readonly string[];
  readonly families: readonly Omit<Family<never>, 'value'>[];
  /** What is known, some lines at a time: of a family that has no sample there are none. */
  lines(known: K): Generator<string>;
}

/** Declares a group: `each` names its subjects with the values of their labels, in the order of `labels`. */
export function group<K, S>(declared: {
  readonly labels: readonly string[];
  readonly each: (known: K) => Iterable<readonly [subject: S, values: readonly (string | null)[]]>;
  readonly families: readonly Family<S>[];
}): Group<K> {
  const { labels, each, families } = declared;
  return {
    labels,
    families,
    *lines(known) {
      const subjects: [subject: S, written: string][] = [];
      for (const [subject, values] of each(known)) subjects.push([subject, writtenLabels(labels, values)]);
      for (const { name, help, type, value } of families) {
        const head = `# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${type}\n`;
        let lines = '';
        let count = 0;
        for (const [subject, written] of subjects) {
          const number = value(subject);
          if (number === null || number === undefined || Number.isNaN(number)) continue;
          lines += `${count === 0 ? head : ''}${name}${written} ${writtenNumber(number)}\n`;
          if (++count % LINES !== 0) continue;
          yield lines;
          lines = '';
        }
        if (lines !== '') yield lines;
      }
    },
  };
}

/** So many lines take no noticeable time. */
const LINES = 100;
/** Parts of about so many characters are sent at once. */
const PART = 65_536;
/** How long lines are made before others get their turn. */
const TURN_MS = 3;
/** What these groups tell, in parts: however much it is, nobody else waits for all of it. */
export async function* textOf<K>(groups: readonly Group<K>[], known: K): AsyncGenerator<string> {
  let part = '';
  let began = performance.now();
  for (const one of groups)
    for (const lines of one.lines(known)) {
      part += lines;
      if (part.length > PART) {
        yield part;
        part = '';
      }
      if (performance.now() - began < TURN_MS) continue;
      await turn();
      began = performance.now();
    }
  if (part !== '') yield part;
}

const writtenLabels = (names: readonly string[], values: readonly (string | null)[]): string =>
  names.length === 0
    ? ''
    : `{${names.map((name, at) => `${name}="${escaped(values[at] ?? '', '"')}"`).join(',')}}`;

/** Of a help text; of a label's value its quotes, too. */
function escaped(text: string, quote = ''): string {
  if (!/[\\\n"]/.test(text)) return text;
  const lines = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return quote === '' ? lines : lines.replaceAll(quote, `\\${quote}`);
}

const writtenNumber = (value: number): string =>
  Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : '-Inf';
