// Schemas closed for tests: what they admit, and what no longer.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding as XmlFinding } from '@ctvirt/xml';
import { anyOf, list, nullable, number, object, record, string } from '../schema.js';
import { finding } from '../shapes/finding.js';
import { compileCheck } from '../validate.js';
import { closed } from './closed.js';

test('a closed schema refuses members it does not name, however deep', () => {
  const inner = object({ a: string() });
  const schema = object({
    plain: inner,
    maybe: nullable(inner),
    many: list(inner),
    either: anyOf([inner, object({ b: number() })]),
    free: record(string(), number()),
  });
  const good = {
    plain: { a: '' },
    maybe: null,
    many: [{ a: '' }],
    either: { b: 1 },
    free: { anything: 1 },
  };
  const open = compileCheck(schema);
  const check = compileCheck(closed(schema));
  assert.equal(check(good), undefined);
  const more = { a: '', more: 1 };
  for (const bad of [
    { ...good, more: 1 },
    { ...good, plain: more },
    { ...good, maybe: more },
    { ...good, many: [{ a: '' }, more] },
    { ...good, either: { b: 1, more: 1 } },
  ]) {
    assert.equal(open(bad), undefined);
    assert.notEqual(check(bad), undefined, JSON.stringify(bad));
  }
});

test('the contract names every member of a finding that the XML package has', () => {
  const told: Required<XmlFinding> = {
    severity: 'error',
    code: 'unknown-element',
    message: 'm',
    line: 1,
    column: 1,
    path: '/domain',
    file: 'f',
    found: 'a',
    expected: 'b',
    suggestion: 'c',
    excerpt: 'd',
  };
  assert.equal(compileCheck(closed(finding))(told), undefined);
});
