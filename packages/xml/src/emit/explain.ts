// One entry of the reference as plain text, for a terminal.
// SPDX-License-Identifier: Apache-2.0
import { namesOf } from '../schema/compile.js';
import type { AnyElement } from '../schema/declaration.js';
import { choiceRows, code, fieldRows, type Row, sinceText, type Use, usesIn } from './docs.js';

/**
 * The reference entry of `devices/filesystem/quota` or `devices/filesystem/@accessmode`; undefined when the schema has no
 * such thing.
 */
export function explainPath(root: AnyElement, path: string): string | undefined {
  const steps = path.split('/').filter((step) => step !== '' && step !== root.name);
  let here: readonly Use[] = [{ element: root, variants: undefined }];
  for (const [index, given] of steps.entries()) {
    const step = given.replace(/\[\d+\]$/, '');
    const next = here.flatMap(({ element }) =>
      usesIn(element).filter((use) => namesOf(use.element).includes(step)),
    );
    if (next.length === 0) {
      const rows = here.flatMap(({ element }) => [...choiceRows(element), ...fieldRows(element)]);
      const found = rows.filter(({ name }) => name === step || `@${name}` === step || name === `<${step}>`);
      return index === steps.length - 1 && found.length > 0 ? plain(found.flatMap(rowLines)) : undefined;
    }
    here = next;
  }
  const title = steps.join('/') || root.name;
  return here.map((use) => plain(entryLines(use, title))).join('\n');
}

/** Every path that `explainPath` has an entry for, elements before what stands in them, attributes with an @. */
export function explainablePaths(root: AnyElement): readonly string[] {
  const paths = new Set<string>([root.name]);
  const visit = (element: AnyElement, path: readonly string[], above: readonly AnyElement[]): void => {
    if (above.includes(element)) return;
    for (const { name, isAttribute } of [...choiceRows(element), ...fieldRows(element)])
      if (name !== '<text>')
        for (const one of name.split(', '))
          paths.add([...path, isAttribute ? `@${one}` : one.replace(/^<|>$/g, '')].join('/'));
    for (const { element: inner } of usesIn(element))
      for (const name of namesOf(inner)) visit(inner, [...path, name], [...above, element]);
  };
  visit(root, [], []);
  return [...paths];
}

/** What may stand in a place: an attribute, an element, or as `<text>` the text of the element itself. */
export interface Possible {
  readonly name: string;
  readonly isAttribute: boolean;
  readonly doc: string;
  /** What its value is, and whether it has to stand there, in words. */
  readonly value: string;
  /** All values that it may have, where they are few. */
  readonly values: readonly string[];
}

/** All that may stand in the element of this path; nothing for a path that is none. */
export function possibleIn(root: AnyElement, path: string): readonly Possible[] {
  const steps = path.split('/').filter((step) => step !== '');
  if (steps[0] === root.name) steps.shift();
  let here: readonly AnyElement[] = [root];
  for (const step of steps)
    here = here.flatMap((element) =>
      usesIn(element)
        .filter((use) => namesOf(use.element).includes(step))
        .map((use) => use.element),
    );
  const rows = here.flatMap((element) => [...choiceRows(element), ...fieldRows(element)]);
  return rows.flatMap(({ name, isAttribute, doc, value, presence }) =>
    name.split(', ').map((one) => ({
      name: one === '<text>' ? one : one.replace(/^<|>$/g, ''),
      isAttribute,
      doc: unmarked(doc),
      value: unmarked(`${value}; ${presence}`),
      values: value.startsWith('one of ')
        ? [...value.matchAll(/[`']([^`']+)[`']/g)].map(([, word = '']) => word)
        : [],
    })),
  );
}

const unmarked = (text: string): string => text.replace(/`([^`\n]*)`/g, '$1');

/** The texts of the schema mark words as Markdown does. */
const plain = (lines: readonly string[]): string => `${unmarked(lines.join('\n'))}\n`;

const rowLines = ({ name, value, presence, doc }: Row): readonly string[] => [
  `${name}: ${doc}`,
  `  ${value}; ${presence}`,
];

const indented = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`);

function entryLines({ element, variants }: Use, title: string): readonly string[] {
  const { body } = element;
  const lines = [title, '', variants === undefined ? body.doc : `With ${code(variants)}: ${body.doc}`];
  if (body.since !== undefined) lines.push('', `Since ${sinceText(body.since)}.`);
  if (body.example !== undefined) lines.push('', ...indented(body.example.split('\n')));
  const rows = [...choiceRows(element), ...fieldRows(element)];
  for (const [heading, list] of [
    ['Attributes:', rows.filter(({ isAttribute }) => isAttribute)],
    ['Elements:', rows.filter(({ isAttribute }) => !isAttribute)],
  ] as const)
    if (list.length > 0) lines.push('', heading, ...indented(list.flatMap(rowLines)));
  for (const [variant, about] of Object.entries(body.choice?.variants ?? {}))
    lines.push('', `With ${body.choice?.by}='${variant}': ${about.doc}`);
  for (const form of body.legacy ?? [])
    lines.push('', `Older form, <${form.element.name}>: ${form.element.body.doc}`);
  return lines;
}
