// Turns an element's declaration into the tables that parser and writer run on, once per element.
// SPDX-License-Identifier: Apache-2.0

import type {
  AnyElement,
  AttributeField,
  ChildField,
  Field,
  Fields,
  LegacyForm,
  LiftedField,
  OpenField,
  SizeAttributeField,
  SlotField,
  TextField,
  ValueField,
} from './declaration.js';
import { attribute } from './element.js';
import { oneOf } from './scalar.js';

type Namespace = NonNullable<AnyElement['body']['namespace']>;

/** Names from documents are looked up here, so nothing is inherited. */
export type Lookup<T> = Record<string, T>;

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
export interface ChildEntry {
  readonly key: string;
  readonly name: string;
  readonly field: ChildField | ValueField | OpenField;
  /** The child's own tables, for a child element. */
  readonly element: CompiledElement | undefined;
  /** Of an open field: key and tables of each lifted child. */
  readonly lifted: Lookup<{
    readonly key: string;
    readonly field: LiftedField;
    readonly element: CompiledElement;
  }>;
}
export interface TextEntry {
  readonly key: string;
  readonly field: TextField;
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
  /** By key of the model: the place of what it is written as among attributes and children. */
  readonly places: Lookup<{ readonly isChild: boolean; readonly at: number }>;
  readonly hasUnits: boolean;
  readonly check: ((model: never, report: never) => void) | undefined;
  readonly complete: ((model: never) => unknown) | undefined;
}

export interface CompiledElement {
  readonly element: AnyElement;
  readonly name: string;
  /** The only shape, or undefined where a choice decides. */
  readonly shape: Shape | undefined;
  readonly choice:
    | {
        readonly attribute: string;
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

function build(element: AnyElement): CompiledElement {
  const { body, name } = element;
  const legacy = groupLegacy(body.legacy);
  if (body.choice === undefined) {
    return { element, name, choice: undefined, shape: buildShape(element, body.fields), legacy };
  }
  const { by, fallback, variants } = body.choice;
  const shapes: Lookup<Shape> = Object.create(null);
  for (const [variant, { fields }] of Object.entries(variants)) {
    const deciding = attribute(oneOf(variant), { doc: body.choice.doc });
    // First of the attributes, unless a slot keeps another place for it.
    const all = by in body.fields ? { ...body.fields, [by]: deciding } : { [by]: deciding, ...body.fields };
    shapes[variant] = buildShape(element, { ...all, ...fields });
  }
  return { element, name, shape: undefined, choice: { attribute: by, fallback, shapes }, legacy };
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

  for (const [key, field] of Object.entries(fields) as [string, Field | SlotField][]) {
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
      children[entry.name] = entry;
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
  const places: Shape['places'] = Object.create(null);
  for (const [at, { key }] of attributeOrder.entries()) places[key] = { isChild: false, at };
  for (const [at, { key, lifted }] of childOrder.entries()) {
    places[key] = { isChild: true, at };
    for (const { key: liftedKey } of Object.values(lifted)) places[liftedKey] = { isChild: true, at };
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
    places,
    hasUnits: units.size > 0,
    check: check as Shape['check'],
    complete: complete as Shape['complete'],
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
