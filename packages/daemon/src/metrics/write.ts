// Prometheus' text format 0.0.4: families of numbers, each with its help and type once, in the order in which they are declared.
// SPDX-License-Identifier: Apache-2.0
import { isSliceOver, nextSlice } from '@ctvirt/engine';

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
      const all: Labelled<S>[] = [];
      for (const [at, { name, help, type, value }] of families.entries()) {
        const subjects = at === 0 ? labelled(each(known), labels, all) : all;
        const head = `# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${type}\n`;
        let isBegun = false;
        let lines = '';
        let count = 0;
        for (const [subject, written] of subjects) {
          if (++count % SUBJECTS === 0) {
            yield lines;
            lines = '';
          }
          const number = value(subject);
          if (number === null || number === undefined || Number.isNaN(number)) continue;
          lines += `${isBegun ? '' : head}${name}${written} ${writtenNumber(number)}\n`;
          isBegun = true;
        }
        yield lines;
      }
    },
  };
}

type Labelled<S> = readonly [subject: S, written: string];

/** Labels are written once, with the first family, and kept in `all` for the others. */
function* labelled<S>(
  subjects: Iterable<readonly [subject: S, values: readonly (string | null)[]]>,
  labels: readonly string[],
  all: Labelled<S>[],
): Generator<Labelled<S>> {
  for (const [subject, values] of subjects) {
    const one: Labelled<S> = [subject, writtenLabels(labels, values)];
    all.push(one);
    yield one;
  }
}

/** So many subjects take no noticeable time. */
const SUBJECTS = 100;
/** Parts of about so many characters are sent at once. */
const PART = 65_536;
/** What these groups tell, in parts: however much it is, nobody else waits for all of it. */
export async function* textOf<K>(groups: readonly Group<K>[], known: K): AsyncGenerator<string> {
  let part = '';
  for (const one of groups)
    for (const lines of one.lines(known)) {
      part += lines;
      if (part.length > PART) {
        yield part;
        part = '';
      }
      if (isSliceOver()) await nextSlice();
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
