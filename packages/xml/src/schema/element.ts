// The schema language: what an element holds, declared once; types, parser, writer and grammars follow from it.
// SPDX-License-Identifier: Apache-2.0
import type { SizeUnit } from '../units.js';
import type {
  AnyElement,
  AttributeField,
  ChildField,
  Choice,
  Element,
  ElementBody,
  ElementHooks,
  FieldNotes,
  Fields,
  LiftedField,
  OpenField,
  SizeAttributeField,
  SlotField,
  TextField,
  ValueField,
  Variants,
} from './declaration.js';
import type { Infer } from './infer.js';
import type { Model } from './model.js';
import type { Scalar } from './scalar.js';

/** Declares an element that has the same fields whatever its attributes say. */
export function element<const F extends Fields>(
  name: string,
  body: ElementBody<F, undefined>,
  hooks: ElementHooks<Infer<Element<F, undefined>>> = {},
): Element<F, undefined> {
  return { name, body, hooks };
}

/** Declares an element with variants; its type is a union discriminated by `choice.by`. */
export function variants<const F extends Fields, const K extends string, const V extends Variants>(
  name: string,
  body: Omit<ElementBody<F, undefined>, 'choice'> & {
    readonly choice: Choice<K, V> & { readonly fallback?: NoInfer<keyof V & string> };
  },
  hooks: ElementHooks<Infer<Element<F, Choice<K, V>>>> = {},
): Element<F, Choice<K, V>> {
  return { name, body, hooks };
}

/** What attributes hold: nothing that could be taken for a function. */
type Plain = string | number | boolean;

type Fallback<T extends Plain> = T | ((model: Model) => T);

interface AttributeOptions<T extends Plain> extends FieldNotes {
  readonly name?: string;
  readonly required?: boolean;
  readonly fallback?: Fallback<T>;
}

/** An attribute named as its key unless `name` says otherwise; with `fallback`, the model always has it. */
export function attribute<T extends Plain>(
  scalar: Scalar<T>,
  notes: AttributeOptions<NoInfer<T>> & ({ required: true } | { fallback: Fallback<NoInfer<T>> }),
): AttributeField<T, 'required'>;
/** Without `required` and `fallback` the model may lack it. */
export function attribute<T extends Plain>(
  scalar: Scalar<T>,
  notes: AttributeOptions<NoInfer<T>>,
): AttributeField<T, 'optional'>;
/** What both come to: a required attribute is mandatory, one with a fallback is filled. */
export function attribute<T extends Plain>(
  scalar: Scalar<T>,
  notes: AttributeOptions<NoInfer<T>>,
): AttributeField<T> {
  const { fallback } = notes;
  return {
    ...notes,
    kind: 'attribute',
    name: notes.name,
    scalar,
    mandatory: notes.required === true,
    presence: notes.required === true || fallback !== undefined ? 'required' : 'optional',
    fallback: fallback === undefined || typeof fallback === 'function' ? fallback : () => fallback,
  };
}

/** A size in an attribute; the unit's attribute is read, and always written, beside it. */
export function sizeAttribute(
  name: string,
  notes: FieldNotes & { unitAttribute: string; defaultUnit: string; unit: SizeUnit; required: true },
): SizeAttributeField<number, 'required'>;
/** Without `required` the model may lack it. */
export function sizeAttribute(
  name: string,
  notes: FieldNotes & { unitAttribute: string; defaultUnit: string; unit: SizeUnit },
): SizeAttributeField<number, 'optional'>;
/** What both come to: `required` makes it mandatory. */
export function sizeAttribute(
  name: string,
  notes: FieldNotes & { unitAttribute: string; defaultUnit: string; unit: SizeUnit; required?: boolean },
): SizeAttributeField<number> {
  const mandatory = notes.required === true;
  return { ...notes, kind: 'size-attribute', name, mandatory, presence: mandatory ? 'required' : 'optional' };
}

/** The element's own text. */
export function text<T>(scalar: Scalar<T>, notes: FieldNotes): TextField<T, 'required'> {
  return { ...notes, kind: 'text', scalar, mandatory: true, presence: 'required' };
}

/** A child element that may stand once. */
export function child<E extends AnyElement>(
  element: E,
  notes?: Partial<FieldNotes>,
): ChildField<Infer<E>, 'optional'> {
  return {
    ...inherit(element, notes),
    kind: 'child',
    element,
    many: false,
    ...absentable,
    fallback: undefined,
  };
}

/** A child element that must stand once, unless `fallback` supplies what its absence means. */
export function required<E extends AnyElement>(
  element: E,
  notes?: Partial<FieldNotes> & { readonly fallback?: () => NoInfer<Infer<E>> },
): ChildField<Infer<E>, 'required'> {
  const fallback = notes?.fallback;
  const mandatory = fallback === undefined;
  return {
    ...inherit(element, notes),
    kind: 'child',
    element,
    many: false,
    mandatory,
    presence: 'required',
    fallback,
  };
}

/** A child element that may stand any number of times; absent from the model when it never does. */
export function many<E extends AnyElement>(
  element: E,
  notes?: Partial<FieldNotes>,
): ChildField<readonly Infer<E>[], 'optional'> {
  return {
    ...inherit(element, notes),
    kind: 'child',
    element,
    many: true,
    ...absentable,
    fallback: undefined,
  };
}

/** A child element that is only text. */
export function leaf<T>(
  name: string,
  scalar: Scalar<T>,
  notes: FieldNotes & { required: true },
): ValueField<T, 'required'>;
/** Without `required` the model may lack it. */
export function leaf<T>(name: string, scalar: Scalar<T>, notes: FieldNotes): ValueField<T, 'optional'>;
/** What both come to: `required` makes it mandatory. */
export function leaf<T>(
  name: string,
  scalar: Scalar<T>,
  notes: FieldNotes & { required?: boolean },
): ValueField<T> {
  const mandatory = notes.required === true;
  const presence = mandatory ? 'required' : 'optional';
  return {
    ...notes,
    kind: 'value',
    name,
    many: false,
    mandatory,
    presence,
    shape: { by: 'text', scalar },
  };
}

/** Child elements that are only text, any number of them. */
export function leaves<T>(
  name: string,
  scalar: Scalar<T>,
  notes: FieldNotes,
): ValueField<readonly T[], 'optional'> {
  return {
    ...notes,
    kind: 'value',
    name,
    many: true,
    ...absentable,
    shape: { by: 'text', scalar },
  };
}

/** A child element that is one attribute, `<mknod state='on'/>`; `alone` is what it says without that. */
export function setting<T>(
  name: string,
  attributeName: string,
  scalar: Scalar<T>,
  { alone, ...notes }: FieldNotes & { readonly alone?: NoInfer<T> },
): ValueField<T, 'optional'> {
  const shape = { by: 'attribute', attribute: attributeName, scalar, alone } as const;
  return { ...notes, kind: 'value', name, many: false, ...absentable, shape };
}

/** A child element that is on by standing there, `<readonly/>`. */
export function flag(name: string, notes: FieldNotes): ValueField<boolean, 'optional'> {
  return { ...notes, kind: 'value', name, many: false, ...absentable, shape: { by: 'flag' } };
}

/** A child element whose text is a size and whose attribute `unit` scales it. */
export function size(
  name: string,
  notes: FieldNotes & { readonly unit: SizeUnit; readonly defaultUnit: string },
): ValueField<number, 'optional'> {
  const shape = { by: 'size', unit: notes.unit, defaultUnit: notes.defaultUnit } as const;
  return { ...notes, kind: 'value', name, many: false, ...absentable, shape };
}

/** A child element whose content is anybody's; the model has each child as XML text. */
export function open(name: string, notes: FieldNotes): OpenField<readonly string[], 'optional'> {
  return { ...notes, kind: 'open', name, ...absentable };
}

/** A child of an open element that the schema knows. */
export function lifted<E extends AnyElement, K extends string>(
  from: string,
  element: E,
  key: K,
): LiftedField<K extends keyof Infer<E> ? NonNullable<Infer<E>[K]> : never, 'optional'> {
  return { doc: element.body.doc, kind: 'lifted', from, element, key, ...absentable };
}

/** Keeps the place of a field that variants declare. */
export const slot: SlotField = { kind: 'slot', doc: '', mandatory: false, presence: 'optional' };

const absentable = { mandatory: false, presence: 'optional' } as const;

function inherit(element: AnyElement, notes: Partial<FieldNotes> = {}): FieldNotes {
  const { doc, since } = element.body;
  return { doc, ...(since === undefined ? {} : { since }), ...notes };
}
