// The RELAX NG grammar of an element and all beneath it.
// SPDX-License-Identifier: Apache-2.0
import type { AnyElement, Field, LegacyForm } from '../schema/declaration.js';
import type { Grammar } from '../schema/scalar.js';
import { nameElements, type ShapeView, shapesOf } from '../schema/walk.js';
import { escapeAttribute, escapeText } from './escape.js';

/** A pattern as lines of XML, not yet indented. */
type Lines = readonly string[];

const wrap = (tag: string, inner: Lines, attributes = ''): Lines =>
  inner.length === 0
    ? [`<${tag}${attributes}/>`]
    : [`<${tag}${attributes}>`, ...inner.map((line) => `  ${line}`), `</${tag}>`];
const named = (tag: string, name: string, inner: Lines): Lines =>
  wrap(tag, inner, ` name="${escapeAttribute(name)}"`);
const data = (type: string, parameters: Readonly<Record<string, string | number>>): Lines =>
  wrap(
    'data',
    Object.entries(parameters).map(
      ([name, value]) => `<param name="${name}">${escapeText(String(value))}</param>`,
    ),
    ` type="${type}"`,
  );
const choice = (options: readonly Lines[]): Lines =>
  options.length === 1 ? (options[0] ?? []) : wrap('choice', options.flat());
const reference = (name: string): Lines => [`<ref name="${name}"/>`];

function scalarPattern(grammar: Grammar): Lines {
  switch (grammar.kind) {
    case 'text':
      if (grammar.oneLine === true)
        return data('string', { pattern: grammar.nonEmpty === true ? '\\P{Cc}+' : '\\P{Cc}*' });
      return grammar.nonEmpty === true ? data('string', { minLength: 1 }) : ['<text/>'];
    case 'enum':
      return choice(grammar.values.map((value) => [`<value>${escapeText(value)}</value>`]));
    case 'integer':
      return data('integer', { minInclusive: grammar.min, maxInclusive: grammar.max });
    case 'pattern':
      return data('token', { pattern: grammar.pattern });
  }
}

const unitPattern = '([bB]([yY][tT][eE][sS]?)?|[kKmMgGtTpPeE]([iI]?[bB])?)?';
const unit: Lines = data('token', { pattern: unitPattern });
const wholeNumber: Lines = data('nonNegativeInteger', {});

/** The grammar as a document; what it says of the element is what the strict parser says, but for semantics. */
export function emitRelaxNg(root: AnyElement): string {
  const names = nameElements(root);
  const emitter = new Emitter(names, root);
  const lines = [
    ...wrap('start', reference(names.get(root) ?? root.name)),
    ...[...names].flatMap(([element, name]) => named('define', name, emitter.element(element, []))),
    ...emitter.extra,
    ...named('define', 'anything', anything),
  ];
  const body = lines.map((line) => `  ${line}`).join('\n');
  return `<?xml version="1.0" encoding="UTF-8"?>
<!-- Generated from the schema of @ctvirt/xml; do not edit. -->
<grammar xmlns="http://relaxng.org/ns/structure/1.0" datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes">
${body}
</grammar>
`;
}

const anything: Lines = wrap('element', [
  '<anyName/>',
  ...wrap(
    'zeroOrMore',
    wrap('choice', ['<text/>', ...wrap('attribute', ['<anyName/>', '<text/>']), ...reference('anything')]),
  ),
]);

/**
 * Attributes that may be absent, those of one value pattern together. libxml2 follows both ways at each optional
 * attribute, so that a pattern for each would take time exponential in their number; for the same reason they come
 * last, where nothing is repeated for each way.
 */
class AbsentableAttributes {
  private readonly byPattern = new Map<string, { readonly pattern: Lines; readonly names: Set<string> }>();

  add(name: string, pattern: Lines): void {
    const key = pattern.join('');
    const group = this.byPattern.get(key) ?? { pattern, names: new Set() };
    group.names.add(name);
    this.byPattern.set(key, group);
  }

  lines(): Lines {
    return [...this.byPattern.values()].flatMap(({ pattern, names }) => {
      const [only = '', ...others] = names;
      if (others.length === 0) return wrap('optional', named('attribute', only, pattern));
      // A name class takes the namespace of the element around it unless told.
      const classes = [...names].map((name) => `<name ns="">${escapeText(name)}</name>`);
      return wrap('zeroOrMore', wrap('attribute', [...wrap('choice', classes), ...pattern]));
    });
  }
}

class Emitter {
  /** Older forms that differ from their element's own pattern. */
  readonly extra: string[] = [];

  constructor(
    private readonly names: ReadonlyMap<AnyElement, string>,
    private readonly root: AnyElement,
  ) {}

  /** `optional`: children that this use of the element may lack. */
  element(element: AnyElement, optional: readonly string[]): Lines {
    if (element.body.choice?.isName === true)
      return choice(
        shapesOf(element).map((shape) =>
          named('element', shape.variant ?? element.name, this.shape(element, shape, optional, [])),
        ),
      );
    const options = shapesOf(element).map((shape) => this.shape(element, shape, optional, []));
    for (const form of element.body.legacy ?? []) {
      const { implies } = form;
      if (implies === undefined) continue;
      const shape = shapesOf(element).find(({ variant }) => variant === implies.variant);
      if (shape !== undefined)
        options.push(this.shape(element, shape, [...optional, implies.insteadOf], [form]));
    }
    const { name } = element;
    const { namespace, emptyIsUnset } = element.body;
    // It may say nothing at all; first and in no group, or libxml2 overlooks it.
    if (
      emptyIsUnset === true &&
      element !== this.root &&
      shapesOf(element).some(({ fields }) => fields.some(([, { mandatory }]) => mandatory))
    )
      options.unshift(['<empty/>']);
    const local = name.slice(name.indexOf(':') + 1);
    const attributes = ` name="${local}"${namespace === undefined ? '' : ` ns="${namespace.uri}"`}`;
    return wrap(
      'element',
      options.length === 1
        ? (options[0] ?? [])
        : wrap(
            'choice',
            options.flatMap((lines) => (lines[0] === '<empty/>' ? lines : wrap('group', lines))),
          ),
      attributes,
    );
  }

  private shape(
    element: AnyElement,
    shape: ShapeView,
    optional: readonly string[],
    instead: readonly LegacyForm[],
  ): Lines {
    const attributes: Lines[] = [];
    const children = new Map<string, { patterns: Lines[]; many: boolean; required: boolean }>();
    const add = (name: string, pattern: Lines, many: boolean, required: boolean): void => {
      const entry = children.get(name) ?? { patterns: [], many: false, required: false };
      children.set(name, {
        patterns: [...entry.patterns, pattern],
        many: entry.many || many,
        required: entry.required || required,
      });
    };
    const { choice: deciding } = element.body;
    if (deciding !== undefined && deciding.isName !== true && shape.variant !== undefined) {
      const own = named('attribute', deciding.by, [`<value>${shape.variant}</value>`]);
      const isOptional = deciding.fallback === shape.variant || instead.length > 0;
      attributes.push(isOptional ? wrap('optional', own) : own);
    }
    const absentable = new AbsentableAttributes();
    let text: Lines | undefined;
    for (const [key, field] of shape.fields) {
      if (field.kind === 'attribute') {
        const name = field.name ?? key;
        const pattern = scalarPattern(field.scalar.grammar);
        if (field.mandatory) attributes.push(named('attribute', name, pattern));
        else absentable.add(name, pattern);
      } else if (field.kind === 'size-attribute') {
        if (field.mandatory) attributes.push(named('attribute', field.name, wholeNumber));
        else absentable.add(field.name, wholeNumber);
        absentable.add(field.unitAttribute, unit);
      } else if (field.kind === 'text') {
        text = scalarPattern(field.scalar.grammar);
      } else {
        this.child(field, shape, optional, add);
      }
    }
    for (const form of element.body.legacy ?? []) {
      if (form.implies === undefined) add(form.element.name, this.legacy(form), true, false);
      else if (instead.includes(form)) add(form.element.name, this.legacy(form), false, true);
    }
    if (instead.length > 0) for (const { implies } of instead) children.delete(implies?.insteadOf ?? '');
    const content = [...children.values()].map(({ patterns, many, required }) =>
      many
        ? wrap('zeroOrMore', choice(patterns))
        : required
          ? choice(patterns)
          : wrap('optional', choice(patterns)),
    );
    const all = [...attributes.flat()];
    if (text !== undefined) all.push(...text);
    if (content.length > 1) all.push(...wrap('interleave', content.flat()));
    else all.push(...content.flat());
    all.push(...absentable.lines());
    return all.length === 0 ? ['<empty/>'] : all;
  }

  private child(
    field: Field,
    shape: ShapeView,
    optional: readonly string[],
    add: (name: string, pattern: Lines, many: boolean, required: boolean) => void,
  ): void {
    if (field.kind === 'child') {
      const { name } = field.element;
      add(
        name,
        reference(this.names.get(field.element) ?? name),
        field.many,
        field.mandatory && !optional.includes(name),
      );
    } else if (field.kind === 'value') {
      add(field.name, this.value(field), field.many, field.mandatory && !optional.includes(field.name));
    } else if (field.kind === 'open') {
      const known = shape.fields.flatMap(([, other]) =>
        other.kind === 'lifted' && other.from === field.name ? [other.element] : [],
      );
      add(field.name, this.openElement(field.name, known), false, false);
    }
  }

  private value(field: Field & { kind: 'value' }): Lines {
    const { shape, name } = field;
    switch (shape.by) {
      case 'flag':
        return named('element', name, ['<empty/>']);
      case 'text': {
        const own = scalarPattern(shape.scalar.grammar);
        return named('element', name, field.blankIsUnset === true ? choice([own, ['<empty/>']]) : own);
      }
      case 'attribute': {
        const own = named('attribute', shape.attribute, scalarPattern(shape.scalar.grammar));
        return named('element', name, shape.alone === undefined ? own : wrap('optional', own));
      }
      case 'size':
        return named('element', name, [
          ...wholeNumber,
          ...wrap('optional', named('attribute', 'unit', unit)),
        ]);
    }
  }

  private openElement(name: string, known: readonly AnyElement[]): Lines {
    const except = known.map((element) => {
      const { namespace } = element.body;
      return `<name ns="${namespace?.uri ?? ''}">${element.name.slice(element.name.indexOf(':') + 1)}</name>`;
    });
    const other = wrap('element', [
      ...wrap('anyName', except.length === 0 ? [] : wrap('except', except)),
      ...wrap(
        'zeroOrMore',
        wrap('choice', [
          '<text/>',
          ...wrap('attribute', ['<anyName/>', '<text/>']),
          ...reference('anything'),
        ]),
      ),
    ]);
    const foreign = wrap('zeroOrMore', wrap('choice', ['<text/>', ...other]));
    const own = known.map((element) => wrap('optional', reference(this.names.get(element) ?? element.name)));
    const attributes = wrap('zeroOrMore', wrap('attribute', ['<anyName/>', '<text/>']));
    return named('element', name, [...attributes, ...wrap('interleave', [...own.flat(), ...foreign])]);
  }

  private legacy(form: LegacyForm): Lines {
    const name = this.names.get(form.element) ?? form.element.name;
    if (form.mayLack === undefined) return reference(name);
    const own = `${name}-older`;
    if (!this.extra.some((line) => line.includes(`"${own}"`)))
      this.extra.push(...named('define', own, this.element(form.element, form.mayLack)));
    return reference(own);
  }
}
