// The emitted JSON Schema against models: every random model conforms, and one with an odd value does not.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { domain } from '../domain/index.js';
import { elementsBeneath, type Model, modelOf } from '../testing/arbitrary.js';
import { emitJsonSchema, type JsonSchema } from './json-schema.js';

const isObject = (value: unknown): value is Model =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What the keywords the emitter uses ask of a value; an unknown keyword is a fault of this test. */
const keywords: Readonly<
  Record<string, (asked: never, value: unknown, schema: JsonSchema, root: JsonSchema) => boolean>
> = {
  $ref: (asked: string, value, _, root) =>
    conforms((root['$defs'] as Record<string, JsonSchema>)[asked.replace('#/$defs/', '')] ?? {}, value, root),
  type: (asked: string, value) =>
    asked === 'object'
      ? isObject(value)
      : asked === 'array'
        ? Array.isArray(value)
        : asked === 'integer'
          ? Number.isInteger(value)
          : typeof value === asked,
  enum: (asked: readonly unknown[], value) => asked.includes(value),
  const: (asked: unknown, value) => asked === value,
  minLength: (asked: number, value) => String(value).length >= asked,
  minimum: (asked: number, value) => Number(value) >= asked,
  maximum: (asked: number, value) => Number(value) <= asked,
  pattern: (asked: string, value) => new RegExp(asked, 'u').test(String(value)),
  items: (asked: JsonSchema, value, _, root) =>
    (value as readonly unknown[]).every((item) => conforms(asked, item, root)),
  required: (asked: readonly string[], value) => isObject(value) && asked.every((key) => key in value),
  properties: (asked: Record<string, JsonSchema>, value, _, root) =>
    isObject(value) &&
    Object.entries(asked).every(([key, own]) => value[key] === undefined || conforms(own, value[key], root)),
  additionalProperties: (_: false, value, schema) =>
    isObject(value) && Object.keys(value).every((key) => key in (schema['properties'] as object)),
  oneOf: (asked: readonly JsonSchema[], value, _, root) =>
    asked.filter((one) => conforms(one, value, root)).length === 1,
  anyOf: (asked: readonly JsonSchema[], value, _, root) => asked.some((one) => conforms(one, value, root)),
};
const notes = new Set(['$schema', '$comment', '$defs', 'description']);

function conforms(schema: JsonSchema, value: unknown, root: JsonSchema): boolean {
  return Object.entries(schema).every(([keyword, asked]) => {
    if (notes.has(keyword)) return true;
    const check = keywords[keyword];
    assert.ok(check !== undefined, keyword);
    return check(asked as never, value, schema, root);
  });
}

test('every random model of every element conforms; with a field nobody declared it does not', () => {
  for (const one of elementsBeneath(domain)) {
    if (one === domain) continue;
    const schema = emitJsonSchema(one);
    fc.assert(
      fc.property(modelOf(one), (model) => {
        assert.ok(conforms(schema, model, schema), `${one.name}: ${JSON.stringify(model)}`);
        assert.equal(conforms(schema, { ...model, teapot: 1 }, schema), false);
      }),
      { numRuns: 5, endOnFailure: true },
    );
  }
});

test('a value of another type does not conform', () => {
  const schema = emitJsonSchema(domain);
  const model = { type: 'lxc', name: 'a', os: { type: { value: 'exe' } }, devices: {} };
  assert.equal(conforms(schema, model, schema), true);
  for (const odd of [
    { ...model, type: 'teapot' },
    { ...model, memoryKiB: '1' },
    { ...model, memoryKiB: -1 },
    { ...model, devices: { filesystems: [{ type: 'mount' }] } },
    { ...model, uuid: 'x' },
    { type: 'lxc' },
  ])
    assert.equal(conforms(schema, odd, schema), false, JSON.stringify(odd));
});
