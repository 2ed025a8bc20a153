// The JSON Schema of the model of an element and all beneath it.
// SPDX-License-Identifier: Apache-2.0
import type { AnyElement, Field } from '../schema/declaration.js';
import type { Grammar, Scalar } from '../schema/scalar.js';
import { nameElements, type ShapeView, shapesOf } from '../schema/walk.js';

/** A JSON Schema of draft 2020-12, as plain data. */
export type JsonSchema = { readonly [key: string]: unknown };

function scalarSchema(scalar: Scalar<unknown>): JsonSchema {
  const { grammar } = scalar;
  if (grammar.kind === 'enum') {
    const values = grammar.values.map((value) => scalar.parse(value));
    return typeof values[0] === 'boolean' ? { type: 'boolean' } : { enum: values };
  }
  return byGrammar(grammar, scalar);
}

function byGrammar(grammar: Exclude<Grammar, { kind: 'enum' }>, scalar: Scalar<unknown>): JsonSchema {
  switch (grammar.kind) {
    case 'text':
      return {
        type: 'string',
        ...(grammar.nonEmpty === true && { minLength: 1 }),
        ...(grammar.oneLine === true && { pattern: '^\\P{Cc}*$' }),
      };
    case 'integer':
      return { type: 'integer', minimum: grammar.min, maximum: grammar.max };
    case 'pattern': {
      const kinds = new Set(grammar.examples.map((example) => typeof scalar.parse(example)));
      const text = { type: 'string', pattern: `^(?:${grammar.pattern})$` };
      if (!kinds.has('number')) return text;
      const number = { type: 'integer', minimum: 0 };
      return kinds.has('string') ? { anyOf: [number, text] } : number;
    }
  }
}

const sizeSchema: JsonSchema = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER };

const extras: JsonSchema = {
  type: 'array',
  items: { $ref: '#/$defs/extra' },
  description: 'What the schema does not know, kept where it stood.',
};

const extra: JsonSchema = {
  type: 'object',
  properties: {
    attribute: { type: 'string' },
    value: { type: 'string' },
    xml: { type: 'string' },
    before: { type: 'string' },
    of: { type: 'string' },
    index: { type: 'integer', minimum: 0 },
  },
  additionalProperties: false,
};

/** The schema of what parsing gives, with one definition an element. */
export function emitJsonSchema(root: AnyElement): JsonSchema {
  const names = nameElements(root);
  const older = new Set(
    [...names.keys()].flatMap(({ body }) => (body.legacy ?? []).map((form) => form.element)),
  );
  const reference = (element: AnyElement): JsonSchema => ({ $ref: `#/$defs/${names.get(element)}` });
  const definitions: Record<string, JsonSchema> = { extra };
  for (const [element, name] of names) {
    // Older forms are rewritten while reading; a model never has them, unless a present element is also used as one.
    if (older.has(element) && !isReachable(element, root)) continue;
    const shapes = shapesOf(element).map((shape) => shapeSchema(element, shape, reference));
    const { doc } = element.body;
    definitions[name] =
      shapes.length === 1 ? { description: doc, ...shapes[0] } : { description: doc, oneOf: shapes };
  }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $comment: 'Generated from the schema of @ctvirt/xml; do not edit.',
    ...reference(root),
    $defs: definitions,
  };
}

function isReachable(wanted: AnyElement, from: AnyElement, seen = new Set<AnyElement>()): boolean {
  if (from === wanted) return true;
  if (seen.has(from)) return false;
  seen.add(from);
  return shapesOf(from).some(({ fields }) =>
    fields.some(([, field]) => 'element' in field && isReachable(wanted, field.element, seen)),
  );
}

function shapeSchema(
  element: AnyElement,
  shape: ShapeView,
  reference: (element: AnyElement) => JsonSchema,
): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  const { choice } = element.body;
  if (choice !== undefined) {
    properties[choice.by] = { const: shape.variant, description: choice.doc };
    required.push(choice.by);
  }
  for (const [key, field] of shape.fields) {
    properties[key] = { description: field.doc, ...fieldSchema(field, reference) };
    if (field.presence === 'required') required.push(key);
  }
  properties['extras'] = extras;
  return {
    type: 'object',
    ...(choice === undefined ? {} : { description: shape.doc }),
    properties,
    required,
    additionalProperties: false,
  };
}

const listOf = (items: JsonSchema): JsonSchema => ({ type: 'array', items });

function fieldSchema(field: Field, reference: (element: AnyElement) => JsonSchema): JsonSchema {
  switch (field.kind) {
    case 'attribute':
    case 'text':
      return scalarSchema(field.scalar);
    case 'size-attribute':
      return sizeSchema;
    case 'child':
      return field.many ? listOf(reference(field.element)) : reference(field.element);
    case 'open':
      return listOf({ type: 'string' });
    case 'lifted': {
      const inner = shapesOf(field.element)[0]?.fields.find(([key]) => key === field.key)?.[1];
      return inner === undefined ? {} : fieldSchema(inner, reference);
    }
    case 'value': {
      const { shape } = field;
      const one =
        shape.by === 'flag'
          ? { type: 'boolean' }
          : shape.by === 'size'
            ? sizeSchema
            : scalarSchema(shape.scalar);
      return field.many ? listOf(one) : one;
    }
  }
}
