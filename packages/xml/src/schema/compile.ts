// Turns an element's declaration into the tables that parser and writer run on, once per element.
// SPDX-License-Identifier: Apache-2.0

import type {
  AnyElement,
  AttributeField,
  ChildField,
  Fields,
  LegacyForm,
  LiftedField,
  OpenField,
  SizeAttributeField,
  TextField,
  ValueField,
} from './declaration.js';
import { attribute } from './element.js';
import type { Model } from './model.js';
import type { Report } from './report.js';
import { oneOf } from './scalar.js';

type Namespace = NonNullable<AnyElement['body']['namespace']>;

/** Names from documents are looked up here, so nothing is inherited. */
export type Lookup<T> = Record<string, T>;

/** An attribute: its name in documents, and its field's key in the model. */
export interface AttributeEntry {
  readonly key: string;
  readonly name: string;
  readonly field: AttributeField | SizeAttributeField;
}
/** Marks the attribute that carries the unit of size attributes. */
export interface UnitEntry {
  readonly key: undefined;
  readonly name: string;
  readonly field: undefined;
}
/** A child with fields of its own, and their tables. */
export interface ElementEntry {
  readonly key: string;
  readonly name: string;
  readonly field: ChildField;
  readonly element: CompiledElement;
  readonly lifted: Lookup<LiftedEntry>;
}
/** A child that is one value, or anybody's. */
export interface PlainEntry {
  readonly key: string;
  readonly name: string;
  readonly field: ValueField | OpenField;
  readonly element: undefined;
  /** Of an open field the known children, by their names. */
  readonly lifted: Lookup<LiftedEntry>;
}
/** Any child that an element declares; `element` tells the two kinds apart. */
export type ChildEntry = ElementEntry | PlainEntry;
/** A known child of an open field: where its value goes in the parent's model, and its tables. */
export interface LiftedEntry {
  readonly key: string;
  readonly field: LiftedField;
  readonly element: CompiledElement;
}
/** The element's own text, of elements that have one as a value. */
export interface TextEntry {
  readonly key: string;
  readonly field: TextField;
}

/** An entry with its number in the order of writing. */
export interface Placed<T> {
  readonly at: number;
  readonly entry: T;
}

/** The tables of one shape: a plain element, or one variant of an element that has some. */
export interface Shape {
  readonly element: AnyElement;
  readonly fields: Fields;
  readonly attributes: Lookup<AttributeEntry | UnitEntry>;
  readonly children: Lookup<ChildEntry>;
  readonly attributeOrder: readonly AttributeEntry[];
  readonly childOrder: readonly ChildEntry[];
  readonly text: TextEntry | undefined;
  /** Units to write, each after the last size attribute that shares it. */
  readonly unitAfter: Lookup<{
    readonly name: string;
    readonly keys: readonly string[];
    readonly unit: string;
  }>;
  /** Fields that must be there, or that a default fills. */
  readonly mandatory: readonly (AttributeEntry | ChildEntry | TextEntry)[];
  readonly entryOf: Lookup<AttributeEntry | ChildEntry | TextEntry>;
  /** Children in a namespace that this element declares for them. */
  readonly namespaceUses: readonly { readonly key: string; readonly uses: Namespace }[];
  /** By key of the model, what it is written as among the attributes, and among the children. */
  readonly attributePlaces: Lookup<Placed<AttributeEntry>>;
  readonly childPlaces: Lookup<Placed<ChildEntry>>;
  readonly hasUnits: boolean;
  readonly check: ((model: Model, report: Report) => void) | undefined;
  readonly complete: ((model: Model) => Model) | undefined;
}

/** All tables of an element: `shape` or `choice` is there, never both. */
export interface CompiledElement {
  readonly element: AnyElement;
  readonly name: string;
  /** The only shape, or undefined where a choice decides. */
  readonly shape: Shape | undefined;
  readonly choice:
    | {
        readonly attribute: string;
        /** The element's own name says it. */
        readonly isName: boolean;
        readonly fallback: string | undefined;
        readonly shapes: Lookup<Shape>;
      }
    | undefined;
  readonly legacy: Lookup<readonly LegacyForm[]> | undefined;
}

const compiled = new WeakMap<AnyElement, CompiledElement>();

/** The element's tables; made at first use, so that loading the schema costs nothing. */
export function compile(element: AnyElement): CompiledElement {
  let result = compiled.get(element);
  if (result === undefined) {
    result = build(element);
    compiled.set(element, result);
  }
  return result;
}

/** The shape that a model has; undefined for a variant that its element does not have. */
export function shapeOf({ shape, choice }: CompiledElement, model: Model): Shape | undefined {
  return shape ?? choice?.shapes[String(model[choice.attribute] ?? choice.fallback)];
}

/** What elements of this kind may be called in a document. */
export const namesOf = ({ name, body: { choice } }: AnyElement): readonly string[] =>
  choice?.isName === true ? Object.keys(choice.variants) : [name];

/** What a model's element is called. */
export const tagOf = ({ name, choice }: CompiledElement, model: Model): string =>
  choice?.isName === true ? String(model[choice.attribute]) : name;

function build(element: AnyElement): CompiledElement {
  const { body, name } = element;
  const legacy = groupLegacy(body.legacy);
  if (body.choice === undefined) {
    return { element, name, choice: undefined, shape: buildShape(element, body.fields), legacy };
  }
  const { by, fallback, variants, isName = false } = body.choice;
  const shapes: Lookup<Shape> = Object.create(null);
  for (const [variant, { fields }] of Object.entries(variants)) {
    const deciding = attribute(oneOf(variant), { doc: body.choice.doc });
    // First of the attributes, unless a slot keeps another place for it.
    const all = isName
      ? body.fields
      : by in body.fields
        ? { ...body.fields, [by]: deciding }
        : { [by]: deciding, ...body.fields };
    shapes[variant] = buildShape(element, { ...all, ...fields });
  }
  return { element, name, shape: undefined, choice: { attribute: by, isName, fallback, shapes }, legacy };
}

function groupLegacy(forms: readonly LegacyForm[] | undefined): Lookup<readonly LegacyForm[]> | undefined {
  if (forms === undefined) return undefined;
  const table: Lookup<LegacyForm[]> = Object.create(null);
  for (const form of forms) (table[form.element.name] ??= []).push(form);
  return table;
}

function buildShape(element: AnyElement, fields: Fields): Shape {
  const attributes: Lookup<AttributeEntry | UnitEntry> = Object.create(null);
  const children: Lookup<ChildEntry> = Object.create(null);
  const entryOf: Lookup<AttributeEntry | ChildEntry | TextEntry> = Object.create(null);
  const unitAfter: Lookup<{ name: string; keys: string[]; unit: string }> = Object.create(null);
  const attributeOrder: AttributeEntry[] = [];
  const childOrder: ChildEntry[] = [];
  let text: TextEntry | undefined;
  const units = new Map<string, { keys: string[]; unit: string }>();

  for (const [key, field] of Object.entries(fields)) {
    if (field.kind === 'slot' || field.kind === 'lifted') continue;
    if (field.kind === 'text') {
      entryOf[key] = text = { key, field };
    } else if (field.kind === 'attribute' || field.kind === 'size-attribute') {
      const entry: AttributeEntry = { key, name: field.name ?? key, field };
      attributes[entry.name] = entry;
      attributeOrder.push(entry);
      entryOf[key] = entry;
      if (field.kind === 'size-attribute') {
        const group = units.get(field.unitAttribute) ?? { keys: [], unit: field.unit };
        group.keys.push(key);
        units.set(field.unitAttribute, group);
      }
    } else {
      const entry = childEntry(key, field, fields);
      for (const name of field.kind === 'child' ? namesOf(field.element) : [entry.name])
        children[name] = entry;
      childOrder.push(entry);
      entryOf[key] = entry;
    }
  }
  for (const [name, { keys, unit }] of units) {
    attributes[name] = { key: undefined, name, field: undefined };
    unitAfter[keys[keys.length - 1] ?? ''] = { name, keys, unit };
  }
  const namespaceUses = childOrder.flatMap(({ key, field }) => {
    const uses = field.kind === 'child' ? field.element.body.namespace : undefined;
    const isOwn = uses?.uri === element.body.namespace?.uri;
    return uses === undefined || uses.declares || isOwn ? [] : [{ key, uses }];
  });
  const attributePlaces: Shape['attributePlaces'] = Object.create(null);
  for (const [at, entry] of attributeOrder.entries()) attributePlaces[entry.key] = { at, entry };
  const childPlaces: Shape['childPlaces'] = Object.create(null);
  for (const [at, entry] of childOrder.entries()) {
    const place = { at, entry };
    childPlaces[entry.key] = place;
    for (const { key } of Object.values(entry.lifted)) childPlaces[key] = place;
  }
  const { check, complete } = element.hooks;
  return {
    element,
    fields,
    attributes,
    children,
    attributeOrder,
    childOrder,
    text,
    unitAfter,
    mandatory: Object.values(entryOf).filter(
      ({ field }) => field.mandatory || ('fallback' in field && field.fallback),
    ),
    entryOf,
    namespaceUses,
    attributePlaces,
    childPlaces,
    hasUnits: units.size > 0,
    check,
    complete,
  };
}

function childEntry(key: string, field: ChildField | ValueField | OpenField, fields: Fields): ChildEntry {
  const lifted: ChildEntry['lifted'] = Object.create(null);
  if (field.kind === 'open') {
    for (const [liftedKey, other] of Object.entries(fields)) {
      if (other.kind === 'lifted' && other.from === field.name)
        lifted[other.element.name] = { key: liftedKey, field: other, element: compile(other.element) };
    }
  }
  if (field.kind !== 'child') return { key, name: field.name, field, element: undefined, lifted };
  const { element } = field;
  let own: CompiledElement | undefined;
  return {
    key,
    name: element.name,
    field,
    /** On first use: the tables of a deep tree are made as documents need them. */
    get element() {
      return (own ??= compile(element));
    },
    lifted,
  };
}
