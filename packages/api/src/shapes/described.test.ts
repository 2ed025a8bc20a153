// Every member of the contract has a sentence: its unit, its source, when it is null.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resources } from '../resources.js';
import type { Resource } from '../route.js';
import { errorBody } from './error-body.js';

type Part = Readonly<Record<string, unknown>>;
const isPart = (value: unknown): value is Part => typeof value === 'object' && value !== null;

/** Said of the member itself, or of one of the forms it may have. */
const isDescribed = (part: Part): boolean =>
  (typeof part['description'] === 'string' && part['description'].length > 4) ||
  (Array.isArray(part['anyOf']) && part['anyOf'].some((one) => isPart(one) && isDescribed(one)));

/** Members and titled shapes within `part` that have no sentence. */
function* undescribed(part: unknown, where: string): Generator<string> {
  if (Array.isArray(part)) for (const one of part) yield* undescribed(one, where);
  if (!isPart(part) || Array.isArray(part)) return;
  const name = typeof part['title'] === 'string' ? part['title'] : where;
  if (typeof part['title'] === 'string' && !isDescribed(part)) yield name;
  const { properties } = part;
  if (isPart(properties))
    for (const [member, schema] of Object.entries(properties)) {
      if (!isPart(schema) || !isDescribed(schema)) yield `${name}.${member}`;
      yield* undescribed(schema, `${name}.${member}`);
    }
  for (const key of ['items', 'anyOf', 'patternProperties']) yield* undescribed(part[key], name);
}

test('every member of a shape, a request and a query has a sentence', () => {
  const faults = new Set<string>(undescribed(errorBody, 'Error'));
  for (const [resource, operations] of Object.entries<Resource>(resources))
    for (const [operation, { query = {}, body, answer }] of Object.entries(operations)) {
      const where = `${resource}.${operation}`;
      for (const part of [{ properties: query }, body, answer])
        for (const schema of [part, ...Object.values(part)])
          for (const fault of undescribed(schema, where)) faults.add(fault);
    }
  assert.deepEqual([...faults], []);
  // It finds what lacks one, however deep.
  const bare = { properties: { a: { description: 'a number', anyOf: [{ properties: { b: {} } }] } } };
  assert.deepEqual([...undescribed(bare, 'x')], ['x.a.b']);
});
