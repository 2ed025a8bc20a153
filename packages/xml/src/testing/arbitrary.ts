// Random models of any element, made from its declaration.
// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { parseElement } from '../convert/parse.js';
import { formatElement } from '../emit/format.js';
import type { AnyElement, Field, Fields, SlotField } from '../schema/declaration.js';
import type { Report } from '../schema/report.js';
import type { Scalar } from '../schema/scalar.js';
import { shapesOf } from '../schema/walk.js';

export type Model = Record<string, unknown>;

const xmlText = fc
  .array(
    fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom(...'abz09/._- ') },
      {
        weight: 2,
        arbitrary: fc.constantFrom('<', '>', '&', "'", '"', ']]>', '\n', '\t', '\r', '--', 'é', '𝔛'),
      },
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

function scalarValue(scalar: Scalar<unknown>): fc.Arbitrary<unknown> {
  const { grammar } = scalar;
  switch (grammar.kind) {
    case 'text':
      return xmlText.filter(
        (text) =>
          (text !== '' || grammar.nonEmpty !== true) && (grammar.oneLine !== true || !/\p{Cc}/u.test(text)),
      );
    case 'enum':
      return fc.constantFrom(...grammar.values.map((value) => scalar.parse(value)));
    case 'integer':
      return fc.oneof(
        fc.integer({ min: Math.max(grammar.min, -5), max: Math.min(grammar.max, 5000) }),
        fc.constant(grammar.max),
      );
    case 'pattern':
      return fc.constantFrom(...grammar.examples.map((example) => scalar.parse(example)));
  }
}

function fieldValue(field: Field): fc.Arbitrary<unknown> | undefined {
  switch (field.kind) {
    case 'attribute':
      return field.fallback === undefined ? scalarValue(field.scalar) : undefined;
    case 'text':
      return scalarValue(field.scalar);
    case 'size-attribute':
      return fc.nat();
    case 'child':
      return field.many
        ? fc.array(modelOf(field.element), { minLength: 1, maxLength: 3 })
        : modelOf(field.element);
    case 'value': {
      const { shape } = field;
      const one =
        shape.by === 'flag' ? fc.constant(true) : shape.by === 'size' ? fc.nat() : scalarValue(shape.scalar);
      return field.many ? fc.array(one, { minLength: 1, maxLength: 3 }) : one;
    }
    case 'open':
      return fc.array(
        fc.constantFrom("<a:b xmlns:a='urn:a'>x</a:b>", '<!-- kept -->', '<c xmlns="urn:c"/>'),
        { minLength: 1, maxLength: 2 },
      );
    case 'lifted':
      return fc.array(
        modelOf((field.element.body.fields['parameters'] as unknown as { element: AnyElement }).element),
        {
          minLength: 1,
          maxLength: 2,
        },
      );
  }
}

/** Models with the fixed values given, and any values of the other fields. */
export function fieldsOf(fields: Fields, fixed: Model): fc.Arbitrary<Model> {
  const record: Record<string, fc.Arbitrary<unknown>> = {};
  const requiredKeys: string[] = [];
  const fallbacks: [string, (model: Model) => unknown][] = [];
  for (const [key, field] of Object.entries(fields) as [string, Field | SlotField][]) {
    if (field.kind === 'slot' || key in fixed) continue;
    const value = fieldValue(field);
    if (value === undefined) {
      if ('fallback' in field && field.fallback) fallbacks.push([key, field.fallback]);
      continue;
    }
    record[key] = value;
    if (field.presence === 'required') requiredKeys.push(key);
  }
  return fc.record(record, { requiredKeys }).map((made) => {
    const model: Model = { ...fixed, ...made };
    for (const [key, fallback] of fallbacks) model[key] = fallback(model);
    return model;
  });
}

/** Whether the element's own checks pass; what stands in it passed already. */
function isAccepted(element: AnyElement, model: Model): boolean {
  let errors = 0;
  const count = () => errors++;
  const report: Report = { error: count, refuse: count, warning: () => undefined };
  (element.hooks.check as ((model: Model, report: Report) => void) | undefined)?.(model, report);
  return errors === 0;
}

const optionalKeys = (element: AnyElement, model: Model): readonly string[] =>
  (shapeFor(element, model)?.fields ?? []).flatMap(([key, field]) =>
    model[key] !== undefined && field.presence === 'optional' ? [key] : [],
  );

const shapeFor = (element: AnyElement, model: Model) =>
  shapesOf(element).find(
    ({ variant }) => variant === undefined || variant === model[element.body.choice?.by ?? ''],
  );

/** The model with as few fields taken away as contents the element's checks; to reject and try again takes too long. */
function accepted(element: AnyElement, given: Model): Model | undefined {
  let model = given;
  if (isAccepted(element, model)) return model;
  const fewer: Model = { ...model };
  for (const [key, field] of shapeFor(element, model)?.fields ?? []) {
    const value = model[key];
    if (Array.isArray(value)) fewer[key] = value.slice(0, 1);
    else if (field.kind === 'child' && value !== undefined)
      fewer[key] = omit(value as Model, optionalKeys(field.element, value as Model));
  }
  if (isAccepted(element, fewer)) return fewer;
  const optional = optionalKeys(element, model);
  const single = optional.map((key) => omit(model, [key])).find((one) => isAccepted(element, one));
  if (single !== undefined) return single;
  for (const key of optional) {
    model = omit(model, [key]);
    if (isAccepted(element, model)) return model;
  }
  const least = omit(fewer, optional);
  return isAccepted(element, least) ? least : undefined;
}

const omit = (model: Model, keys: readonly string[]): Model =>
  Object.fromEntries(Object.entries(model).filter(([key]) => !keys.includes(key)));

const cache = new Map<AnyElement, fc.Arbitrary<Model>>();

/** Models of an element that its own checks accept. */
export function modelOf(element: AnyElement): fc.Arbitrary<Model> {
  let models = cache.get(element);
  if (models === undefined) {
    const { choice, fields } = element.body;
    const any =
      choice === undefined
        ? fieldsOf(fields, {})
        : fc.oneof(
            ...Object.entries(choice.variants).map(([name, variant]) =>
              fieldsOf({ ...fields, ...variant.fields }, { [choice.by]: name }),
            ),
          );
    const complete = element.hooks.complete as ((model: Model) => Model) | undefined;
    models = any
      .map((model) => complete?.(model) ?? model)
      .map((model) => accepted(element, model))
      .filter((model) => model !== undefined)
      .filter((model) => parseElement([element], formatElement(element, model as never)).model !== undefined);
    cache.set(element, models);
  }
  return models;
}

/** Elements beneath one, each once, by name and parent. */
export function elementsBeneath(element: AnyElement, found = new Set<AnyElement>()): Set<AnyElement> {
  if (found.has(element)) return found;
  found.add(element);
  const { choice, fields } = element.body;
  for (const all of [fields, ...Object.values(choice?.variants ?? {}).map((variant) => variant.fields)])
    for (const field of Object.values(all)) if (field.kind === 'child') elementsBeneath(field.element, found);
  return found;
}
