// Every place of a document where a value may stand, and models that differ there and nowhere else.
// SPDX-License-Identifier: Apache-2.0
import type { AnyElement, Field } from './declaration.js';
import type { Infer } from './infer.js';
import { type Model, modelOf } from './model.js';
import type { Scalar } from './scalar.js';
import { type ShapeView, shapesOf } from './walk.js';

/** An attribute, a text, or an element that is one value. */
export interface Place<M = Model> {
  /** Elements of several kinds with theirs: `devices/filesystem[ram]/source/@usage`. */
  readonly path: string;
  /** Without them, and from the root on, as findings have it. */
  readonly xpath: string;
  readonly doc: string;
  /** Only a running domain has it. */
  readonly isLive: boolean;
  /** The root's model with each value there, and where it may lack one without; some may contradict what stands beside. */
  readonly models: readonly { readonly value: unknown; readonly model: M }[];
}

/** What a grammar cannot tell. */
export interface PlaceHints {
  /** Values that mean something there. */
  readonly values: (path: string) => readonly unknown[] | undefined;
  /** What has to stand beside for a value to mean anything: fields of the element's model, asked for by the element and by the place. */
  readonly beside: (path: string) => Model | undefined;
}

/** Walks the whole schema beneath `root`; what it must have besides the place is taken from `base`, or made up. */
export function placesOf<E extends AnyElement>(
  root: E,
  base: Infer<E>,
  hints: PlaceHints,
): Place<Infer<E>>[] {
  const walk = new Walk(hints);
  walk.element(root, { path: '', xpath: `/${root.name}`, base, wrap: (model) => model });
  // Made of the root's own fields, by their declarations.
  return walk.places as Place<Infer<E>>[];
}

interface Here {
  readonly path: string;
  readonly xpath: string;
  /** What stands there anyway. */
  readonly base: Model | undefined;
  readonly wrap: (model: Model) => Model;
}

class Walk {
  readonly places: Place[] = [];

  constructor(private readonly hints: PlaceHints) {}

  element(element: AnyElement, here: Here): void {
    const { choice } = element.body;
    const shapes = shapesOf(element);
    if (choice !== undefined)
      this.place(
        { ...here, path: join(here.path, `@${choice.by}`), xpath: `${here.xpath}/@${choice.by}` },
        choice.doc,
        false,
        shapes.map((shape) => ({ value: shape.variant, model: here.wrap(this.least(element, shape, here)) })),
      );
    for (const shape of shapes) {
      const path = shape.variant === undefined ? here.path : `${here.path}[${shape.variant}]`;
      const model = this.least(element, shape, here);
      for (const [key, field] of shape.fields) this.field(key, field, { ...here, path }, model);
    }
  }

  /** What the element must have, of what stands there anyway what belongs to it, and what the hints put beside. */
  private least(element: AnyElement, shape: ShapeView, { path, base }: Omit<Here, 'wrap' | 'xpath'>): Model {
    const { choice } = element.body;
    const by = choice === undefined ? {} : { [choice.by]: shape.variant };
    const isOwn = base !== undefined && (choice === undefined || base[choice.by] === shape.variant);
    const full = shape.variant === undefined ? path : `${path}[${shape.variant}]`;
    const model: Record<string, unknown> = { ...by, ...(isOwn ? base : {}), ...this.hints.beside(full) };
    for (const [key, field] of shape.fields) {
      if (model[key] !== undefined || field.presence !== 'required') continue;
      model[key] = this.needed(key, field, full, model);
    }
    return model;
  }

  private needed(key: string, field: Field, path: string, model: Model): unknown {
    if ('fallback' in field && field.fallback !== undefined) return field.fallback(model);
    if (field.kind !== 'child') return this.values(field, join(path, nameOf(key, field)))[0];
    const { element } = field;
    const shapes = shapesOf(element);
    const shape = shapes.find(({ variant }) => variant === element.body.choice?.fallback) ?? shapes[0];
    const inner = join(path, element.name);
    return shape === undefined ? {} : this.least(element, shape, { path: inner, base: undefined });
  }

  private field(key: string, field: Field, here: Here, model: Model): void {
    if (field.kind === 'child' || field.kind === 'lifted') {
      this.inner(key, field, here, model);
      return;
    }
    const name = nameOf(key, field);
    const path = join(here.path, name);
    const many = field.kind === 'value' && field.many;
    const values = this.values(field, path).map((value) => (many ? [value] : value));
    const all = field.mandatory ? values : [undefined, ...values];
    const around = { ...model, ...this.hints.beside(path) };
    this.place(
      { ...here, path, xpath: name === 'text()' ? here.xpath : `${here.xpath}/${name}` },
      field.doc,
      field.live === true,
      all.map((value) => ({ value, model: here.wrap({ ...around, [key]: value }) })),
    );
  }

  /** Of a known child in an open element the one field stands for the whole. */
  private inner(key: string, field: Field & { kind: 'child' | 'lifted' }, here: Here, model: Model): void {
    const own = field.kind === 'child' ? field : field.element.body.fields[field.key];
    if (own?.kind !== 'child') return;
    const { element } = own;
    const steps =
      field.kind === 'child' ? element.name : `${field.from}/${field.element.name}/${element.name}`;
    const there = model[key];
    const list = own.many && Array.isArray(there) ? there : [];
    this.element(element, {
      path: join(here.path, steps),
      xpath: `${here.xpath}/${steps}`,
      base: own.many || there === undefined ? undefined : modelOf(there),
      wrap: (inner) => here.wrap({ ...model, [key]: own.many ? [...list, inner] : inner }),
    });
  }

  private place(
    { path, xpath }: Pick<Here, 'path' | 'xpath'>,
    doc: string,
    isLive: boolean,
    models: Place['models'],
  ): void {
    this.places.push({ path, xpath, doc, isLive, models });
  }

  private values(field: Field, path: string): readonly unknown[] {
    const given = this.hints.values(path.replace(/\[[^\]]*\]/g, ''));
    return given ?? valuesOf(field);
  }
}

const join = (path: string, step: string): string => (path === '' ? step : `${path}/${step}`);

function nameOf(key: string, field: Field): string {
  switch (field.kind) {
    case 'attribute':
      return `@${field.name ?? key}`;
    case 'size-attribute':
      return `@${field.name}`;
    case 'text':
      return 'text()';
    case 'value':
      return field.shape.by === 'attribute' ? `${field.name}/@${field.shape.attribute}` : field.name;
    case 'open':
      return field.name;
    default:
      return field.element.name;
  }
}

function valuesOf(field: Field): readonly unknown[] {
  switch (field.kind) {
    case 'attribute':
    case 'text':
      return scalarValues(field.scalar);
    case 'size-attribute':
      return [2 ** 20, 2 ** 21];
    case 'value':
      if (field.shape.by === 'flag') return [true];
      return field.shape.by === 'size' ? [2 ** 20, 2 ** 21] : scalarValues(field.shape.scalar);
    case 'open':
      return [["<a:b xmlns:a='urn:a'/>"]];
    default:
      return [];
  }
}

function scalarValues(scalar: Scalar<unknown>): readonly unknown[] {
  const { grammar } = scalar;
  switch (grammar.kind) {
    case 'enum':
      return grammar.values.map((value) => scalar.parse(value));
    case 'integer':
      return [1, 2, 1000, 2000].map((value) => Math.min(grammar.max, Math.max(grammar.min, value)));
    case 'pattern':
      return grammar.examples.map((example) => scalar.parse(example));
    case 'text':
      return ['alpha', 'beta'];
  }
}
