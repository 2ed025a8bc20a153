// Reference pages from the schema: one for each element, as Markdown.
// SPDX-License-Identifier: Apache-2.0
import { namesOf } from '../schema/compile.js';
import type { AnyElement, Field } from '../schema/declaration.js';
import type { Model } from '../schema/model.js';
import type { Scalar } from '../schema/scalar.js';
import { commonFields, elementOf, shapesOf } from '../schema/walk.js';

/** An element that stands in another, with the variants that have it where not all do. */
export interface Use {
  readonly element: AnyElement;
  readonly variants: readonly string[] | undefined;
}

/** Child elements in order; those of one name stay apart where they differ by variant. */
export function usesIn(element: AnyElement): readonly Use[] {
  const { common, special } = commonFields(element);
  const all = [
    ...common.map(([, field]) => ({ field, variants: undefined })),
    ...special.map(({ field, variants }) => ({ field, variants })),
  ];
  return all.flatMap(({ field, variants }) => {
    const inner = elementOf(field);
    return inner === undefined ? [] : [{ element: inner, variants }];
  });
}

/** Elements that hold most others: what stands in them has a page of its own, and so does a document of another kind as a whole. */
const wholes = new Set(['domain', 'devices']);

/** One page for the root, each of its children and each device, by file name; deeper elements are sections. */
export function emitDocs(root: AnyElement): ReadonlyMap<string, string> {
  const pages = new Map<string, string>();
  const visit = (use: Use, path: readonly string[]): void => {
    const title = path.join('/') || use.element.name;
    const file = `${title.replaceAll(/[/:]/g, '-')}.md`;
    if (pages.has(file)) return;
    const lines = [generated, '', ...section(use, 1, title)];
    const isWhole = wholes.has(use.element.name);
    if (!isWhole) nested(use.element, 2, title, lines, new Set());
    pages.set(file, `${lines.join('\n')}\n`);
    if (isWhole) for (const inner of usesIn(use.element)) visit(inner, [...path, inner.element.name]);
  };
  visit({ element: root, variants: undefined }, []);
  return pages;
}

/** What each of them starts with. */
export const generated = '<!-- Generated from the schema of @ctvirt/xml; do not edit. -->';

function nested(
  element: AnyElement,
  level: number,
  path: string,
  lines: string[],
  seen: Set<AnyElement>,
): void {
  for (const use of usesIn(element)) {
    if (seen.has(use.element)) continue;
    seen.add(use.element);
    const title = `${path}/${use.element.name}`;
    lines.push('', ...section(use, level, title));
    nested(use.element, level, title, lines, seen);
  }
}

export const code = (words: readonly string[]): string => words.map((word) => `\`${word}\``).join(', ');

function section({ element, variants }: Use, level: number, title: string): string[] {
  const { body } = element;
  const heading = '#'.repeat(level);
  const lines = [
    `${heading} ${title}`,
    '',
    variants === undefined ? body.doc : `With ${code(variants)}: ${body.doc}`,
  ];
  if (body.since !== undefined) lines.push('', `Since ${sinceText(body.since)}.`);
  if (body.example !== undefined) lines.push('', '```xml', body.example, '```');
  if (body.choice !== undefined) {
    const { by, doc, fallback, isName, variants: own } = body.choice;
    const how = isName === true ? `, in documents the name of the element` : '';
    lines.push(
      '',
      `\`${by}\`${how}: ${doc}${fallback === undefined ? '' : ` \`${fallback}\` when absent.`}`,
      '',
    );
    for (const [variant, about] of Object.entries(own)) lines.push(`- \`${variant}\`: ${about.doc}`);
  }
  const rows = fieldRows(element);
  for (const [name, list] of [
    ['attribute', rows.filter(({ isAttribute }) => isAttribute)],
    ['element', rows.filter(({ isAttribute }) => !isAttribute)],
  ] as const)
    if (list.length > 0) lines.push('', ...table(name, list));
  for (const form of body.legacy ?? [])
    lines.push('', `Older form, \`<${form.element.name}>\`: ${form.element.body.doc}`);
  lines.push('', `In the model: ${modelText(element)}`);
  return lines;
}

export interface Row {
  readonly name: string;
  readonly isAttribute: boolean;
  readonly value: string;
  readonly presence: string;
  readonly doc: string;
}

export function fieldRows(element: AnyElement): readonly Row[] {
  const { common, special } = commonFields(element);
  return [
    ...common.map(([key, field]) => row(key, field, undefined)),
    ...special.map(({ key, field, variants }) => row(key, field, variants)),
  ];
}

/** The attribute that selects a variant, which is no field of its own. */
export function choiceRows({ body: { choice } }: AnyElement): readonly Row[] {
  if (choice === undefined) return [];
  const { by, doc, fallback, variants } = choice;
  return [
    {
      name: by,
      isAttribute: true,
      value: `one of ${code(Object.keys(variants))}`,
      presence: fallback === undefined ? 'required' : `\`${fallback}\` when absent`,
      doc,
    },
  ];
}

const mentions = (text: string): string => text.replaceAll('|', '\\|');

function row(key: string, field: Field, variants: readonly string[] | undefined): Row {
  const notes = [field.doc];
  if (variants !== undefined)
    notes.push(`Only with ${variants.map((variant) => `\`${variant}\``).join(', ')}.`);
  if (field.live === true) notes.push('Only while it runs.');
  if (field.zeroIsUnset === true) notes.push('0 says nothing.');
  if (field.since !== undefined) notes.push(`Since ${sinceText(field.since)}.`);
  const isAttribute = field.kind === 'attribute' || field.kind === 'size-attribute';
  return {
    name: isAttribute ? nameOf(key, field) : `<${nameOf(key, field)}>`,
    isAttribute,
    value: valueText(field),
    presence: presenceText(field),
    doc: notes.join(' '),
  };
}

function nameOf(key: string, field: Field): string {
  switch (field.kind) {
    case 'attribute':
      return field.name ?? key;
    case 'child':
    case 'lifted':
      return namesOf(field.element).join('>, <');
    case 'text':
      return 'text';
    default:
      return field.name;
  }
}

function valueText(field: Field): string {
  switch (field.kind) {
    case 'attribute':
    case 'text':
      return field.scalar.expected;
    case 'size-attribute':
      return `a size; \`${field.unitAttribute}\` is ${field.defaultUnit} when absent`;
    case 'open':
      return 'anything';
    case 'value': {
      const { shape } = field;
      if (shape.by === 'flag') return 'stands or not';
      if (shape.by === 'size') return `a size; \`unit\` is ${shape.defaultUnit} when absent`;
      return shape.by === 'attribute'
        ? `\`${shape.attribute}\`: ${shape.scalar.expected}${aloneText(shape)}`
        : shape.scalar.expected;
    }
    default:
      return 'element';
  }
}

const aloneText = ({ scalar, alone }: { scalar: Scalar<unknown>; alone?: unknown }): string =>
  alone === undefined ? '' : `; \`${scalar.format(alone)}\` when absent`;

function presenceText(field: Field): string {
  const many = 'many' in field && field.many;
  if (many) return 'any number';
  if (field.mandatory) return 'required';
  const { assumed } = field;
  const fallback = field.kind === 'attribute' ? field.fallback : undefined;
  const value =
    fallback !== undefined
      ? staticValue(fallback, field)
      : typeof assumed === 'function'
        ? undefined
        : assumed;
  if (value === undefined || typeof value === 'object') return 'optional';
  return `\`${typeof value === 'boolean' && 'scalar' in field ? field.scalar.format(value) : String(value)}\` when absent`;
}

function staticValue(fallback: (model: Model) => unknown, field: Field): unknown {
  // Defaults that follow from other fields are told in the text.
  return field.kind === 'attribute' && fallback.length === 0 ? fallback({}) : undefined;
}

export const sinceText = (since: string): string =>
  since === 'ctvirt' ? 'ctvirt, libvirt has none' : `libvirt ${since}`;

function table(name: string, rows: readonly Row[]): string[] {
  return [
    `| ${name} | value | stands | |`,
    '| --- | --- | --- | --- |',
    ...rows.map(
      ({ name, value, presence, doc }) =>
        `| \`${name}\` | ${mentions(value)} | ${mentions(presence)} | ${mentions(doc)} |`,
    ),
  ];
}

function modelText(element: AnyElement): string {
  const shapes = shapesOf(element);
  const keys = new Map<string, boolean>();
  const { choice } = element.body;
  if (choice !== undefined) keys.set(choice.by, true);
  for (const { fields } of shapes)
    for (const [key, field] of fields) {
      const isEverywhere = shapes.every((shape) => shape.fields.some(([other]) => other === key));
      keys.set(key, (keys.get(key) ?? true) && isEverywhere && field.presence === 'required');
    }
  return `\`{ ${[...keys].map(([key, isSure]) => (isSure ? key : `${key}?`)).join(', ')} }\``;
}
